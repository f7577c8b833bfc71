using System.Text;
using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Checkpoints;
using CudaSearch.Engine;
using CudaSearch.Tests.Engine;
using CudaSearch.Tests.Model;

namespace CudaSearch.Tests.Verification;

/// <summary>A random checkpoint with a tokenizer of the tinymath family, opened as a judge; and what it must say, computed slowly from the definition.</summary>
internal sealed class JudgeModel : IDisposable
{
    private static readonly string[] s_special = ["<|bos|>", "<|user|>", "<|assistant|>", "<|end|>"];

    private readonly RandomCheckpoint _random;
    private readonly IBackend _backend = CpuBackend.Create(2);
    private readonly DeviceLoop _loop = new();
    private readonly Checkpoint _checkpoint;
    private readonly ReferenceTransformer _reference;
    private readonly Dictionary<string, double[]> _known = [];

    public JudgeModel(int context = 512, int pages = 400)
    {
        _random = new RandomCheckpoint(new RandomModel { VocabSize = 256 + s_special.Length, MaxPositionEmbeddings = context, HiddenSize = 16, Seed = 4 });
        File.WriteAllText(Path.Combine(_random.Directory, "tokenizer.json"), TinyTokenizer.Json([], s_special).ToJsonString());
        // Two layers, two key heads, eight elements, keys and values, four bytes: a page of 16 tokens takes 4 KiB.
        Model = LanguageModel.LoadVerifier(_random.Directory, _backend, _loop).Start(pages * 4096L);
        _checkpoint = _random.Open();
        _reference = new ReferenceTransformer(_checkpoint);
    }

    public LanguageModel Model { get; }

    /// <summary>The whole conversation's ids, written out by hand, and where each step is judged: on the assistant's mark before its <c>+</c>.</summary>
    public static (int[] Tokens, int[] Positions) Conversation(string problem, string answer)
    {
        List<int> tokens = [256];
        List<int> positions = [];
        string[] steps = answer.Split("\n\n");
        for (int i = 0; i < steps.Length; i++)
        {
            tokens.Add(257);
            tokens.AddRange(Encoding.UTF8.GetBytes((i == 0 ? $"{problem} {steps[0]}" : steps[i]).Trim()).Select(value => (int)value));
            tokens.Add(258);
            positions.Add(tokens.Count - 1);
            tokens.AddRange([(int)'+', 259]);
        }
        return ([.. tokens], [.. positions]);
    }

    /// <summary>Every step's score by a full forward pass in double precision.</summary>
    public double[] Expected(string problem, string answer)
    {
        string key = $"{problem}\0{answer}";
        if (_known.TryGetValue(key, out double[]? known)) return known;
        (int[] tokens, int[] positions) = Conversation(problem, answer);
        double[][] logits = _reference.Logits(tokens[..(positions[^1] + 1)]);
        return _known[key] = [.. positions.Select(position => 1 / (1 + Math.Exp(logits[position]['-'] - logits[position]['+'])))];
    }

    public void AssertRight(string problem, string answer, IReadOnlyList<double> scores)
    {
        double[] expected = Expected(problem, answer);
        Assert.Equal(expected.Length, scores.Count);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], scores[i], 1e-4);
    }

    /// <summary>Throws unless every page is back.</summary>
    public void AssertEmpty()
    {
        // A computation that nobody waits for any more may still be on its way.
        SpinWait.SpinUntil(() => Used() == 0, TimeSpan.FromSeconds(5));
        Assert.Equal(0, Used());
    }

    public void Dispose()
    {
        Model.Dispose();
        _loop.Dispose();
        _backend.Dispose();
        _checkpoint.Dispose();
        _random.Dispose();
    }

    private int Used()
    {
        Model.Engine.CheckIntegrity();
        Model.Engine.ClearCache();
        return Model.Engine.Pool.UsedCount;
    }
}
