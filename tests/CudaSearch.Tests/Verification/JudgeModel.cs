using System.Text.Json.Nodes;
using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Checkpoints;
using CudaSearch.Engine;
using CudaSearch.Tests.Model;
using CudaSearch.Verification;

namespace CudaSearch.Tests.Verification;

/// <summary>
/// A random checkpoint of a family of process reward models, opened as a judge; and what it must say, computed slowly from the definition.
/// </summary>
internal sealed class JudgeModel : IDisposable
{
    private readonly RandomCheckpoint _random;
    private readonly IBackend _backend;
    private readonly DeviceLoop _loop = new();
    private readonly Checkpoint _checkpoint;
    private readonly ReferenceTransformer _reference;
    private readonly SlowPrm _slow;
    private readonly Dictionary<string, double[]> _known = [];

    public JudgeModel(
        PrmFormat format = PrmFormat.Rlhflow, int context = 512, int pages = 400, PrmOptions? options = null,
        ElementType type = ElementType.F32, Func<IBackend>? backend = null)
    {
        _slow = SlowPrm.Of(format);
        _backend = backend?.Invoke() ?? CpuBackend.Create(2);
        _random = Write(_slow.Model with { MaxPositionEmbeddings = context, Type = type }, _slow.TokenizerFile, _slow.TokenizerConfig);
        Prm = ProcessRewardModel.Load(_random.Directory, _backend, _loop, options);
        Model.Start(pages * Model.PageBytes);
        _checkpoint = _random.Open();
        _reference = new ReferenceTransformer(_checkpoint);
    }

    public ProcessRewardModel Prm { get; }

    public LanguageModel Model => Prm.Model;

    /// <summary>A checkpoint folder with a tokenizer.</summary>
    public static RandomCheckpoint Write(RandomModel model, JsonObject tokenizer, JsonObject? tokenizerConfig = null)
    {
        var checkpoint = new RandomCheckpoint(model);
        Add("tokenizer.json", tokenizer);
        if (tokenizerConfig is not null) Add("tokenizer_config.json", tokenizerConfig);
        return checkpoint;

        void Add(string name, JsonObject content) => File.WriteAllText(Path.Combine(checkpoint.Directory, name), content.ToJsonString());
    }

    public PrmVerifier Verifier(Usage? usage = null) => new(Prm, usage ?? new Usage(), SlowPrm.SystemPrompt);

    /// <summary>The whole text's ids, and where each step is judged.</summary>
    public (int[] Tokens, int[] Positions) Text(string problem, string answer) => _slow.Write(Model.Tokenizer, problem, answer);

    /// <summary>Every step's score by a full forward pass in double precision.</summary>
    public double[] Expected(string problem, string answer)
    {
        string key = $"{problem}\0{answer}";
        if (_known.TryGetValue(key, out double[]? known)) return known;
        (int[] tokens, int[] positions) = Text(problem, answer);
        double[][] states = _reference.HiddenStates(tokens[..(positions[^1] + 1)]);
        return _known[key] = [.. positions.Select(position => _slow.Score(_checkpoint, Model.Tokenizer, states[position]))];
    }

    public void AssertRight(string problem, string answer, IReadOnlyList<double> scores, double tolerance = 1e-4)
    {
        double[] expected = Expected(problem, answer);
        Assert.Equal(expected.Length, scores.Count);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], scores[i], tolerance);
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
        Prm.Dispose();
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
