using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CudaSearch.Checkpoints;
using CudaSearch.Tests.Model;
using CudaSearch.Tests.Tokenization;
using CudaSearch.Tokenization;
using CudaSearch.Verification;

namespace CudaSearch.Tests.Verification;

/// <summary>
/// A family of process reward models as its authors' own scripts have it: the whole text is written out and encoded at once, scores are
/// read wherever the mark stands, by a head in double precision. It shares nothing with the library but the tokenizer and the checkpoint's
/// reader.
/// </summary>
internal abstract class SlowPrm
{
    public const string SystemPrompt = "abc: \n\nd.";

    public static SlowPrm Of(PrmFormat format) => format switch
    {
        PrmFormat.Rlhflow => new SlowRlhflow(),
        PrmFormat.MathShepherd => new SlowMathShepherd(),
        PrmFormat.Skywork => new SlowSkywork(),
        PrmFormat.Qwen => new SlowQwen(),
        PrmFormat.Trl => new SlowTrl(),
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };

    /// <summary>Architecture and head of a checkpoint of the family.</summary>
    public abstract RandomModel Model { get; }

    public abstract JsonObject TokenizerFile { get; }

    public virtual JsonObject? TokenizerConfig => null;

    /// <summary>All ids of the judged text, and the positions of the scores.</summary>
    public abstract (int[] Tokens, int[] Positions) Write(Tokenizer tokenizer, string problem, string answer);

    /// <summary>P(good) of a final hidden state.</summary>
    public abstract double Score(Checkpoint checkpoint, Tokenizer tokenizer, double[] state);

    protected static RandomModel Tiny(string type, int vocabulary, string architecture) => new()
    {
        ModelType = type, VocabSize = vocabulary, HiddenSize = 16, MaxPositionEmbeddings = 512, Seed = 4, Architectures = [architecture],
    };

    protected static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    protected static double[] Linear(Checkpoint checkpoint, string weight, string? bias, double[] x)
    {
        float[] w = checkpoint.Get(weight).ToFloat32();
        float[]? b = bias is null ? null : checkpoint.Get(bias).ToFloat32();
        return [.. Enumerable.Range(0, w.Length / x.Length).Select(Row)];

        double Row(int row) => x.Select((value, i) => value * w[row * x.Length + i]).Sum() + (b?[row] ?? 0);
    }

    protected static double[] Linear(Checkpoint checkpoint, string module, double[] x) =>
        Linear(checkpoint, module + ".weight", module + ".bias", x);

    protected static int[] PositionsOf(int[] tokens, int id) => [.. Enumerable.Range(0, tokens.Length).Where(i => tokens[i] == id)];
}

/// <summary>The embedded pair's template; a second one, Llama-3's, is in the chat template's own tests.</summary>
internal sealed class SlowRlhflow : SlowPrm
{
    public override RandomModel Model => Tiny("llama", 300, "LlamaForCausalLM");

    public override JsonObject TokenizerFile => SyntheticTokenizer.ByteLevel();

    public override (int[] Tokens, int[] Positions) Write(Tokenizer tokenizer, string problem, string answer)
    {
        string text = "<|bos|>";
        foreach ((int i, string step) in answer.Split("\n\n").Index())
            text += $"<|user|>{(i == 0 ? $"{problem} {step}" : step).Trim()}<|assistant|>+<|end|>";
        int[] tokens = tokenizer.EncodeWithSpecialTokens(text);
        return (tokens, PositionsOf(tokens, tokenizer.TokenId("<|assistant|>")!.Value));
    }

    public override double Score(Checkpoint checkpoint, Tokenizer tokenizer, double[] state)
    {
        double[] logits = Linear(checkpoint, "lm_head.weight", null, state);
        return Sigmoid(logits[tokenizer.TokenId("+")!.Value] - logits[tokenizer.TokenId("-")!.Value]);
    }
}

internal sealed class SlowMathShepherd : SlowPrm
{
    public override RandomModel Model => Tiny("mistral", 320, "MistralForCausalLM");

    // Two spaces merge before anything else does, as in Mistral's vocabulary.
    public override JsonObject TokenizerFile => SyntheticTokenizer
        .SentencePiece("▁abcdefgh .é+-=0123456789ки:?*", ["▁ ▁", "▁ a", "a b", "▁ к", "▁к и", "к и", "▁ +", "▁ -", "▁ =", "c d"])
        .With("post_processor", JsonNode.Parse("""
            {
              "type": "TemplateProcessing",
              "single": [ { "SpecialToken": { "id": "<s>", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } } ]
            }
            """));

    public override (int[] Tokens, int[] Positions) Write(Tokenizer tokenizer, string problem, string answer)
    {
        string tagged = answer.Replace("\n\n", " ки\n\n");
        if (!tagged.EndsWith("\n\n", StringComparison.Ordinal)) tagged += " ки";
        string text = $"{SystemPrompt}\n{problem}\n {tagged}";
        int[] tokens = [1, .. tokenizer.Encode(text)];
        if (Tags(tokens).Length < text.Split(" ки").Length - 1)
        {
            // Spaces before a tag may merge with its own, and the original then loses the step's score. Here the spaces are left out.
            tokens = [1, .. tokenizer.Encode(Regex.Replace(text, " +ки", " ки"))];
        }
        return (tokens, Tags(tokens));

        int[] Tags(int[] ids) => PositionsOf(ids, tokenizer.TokenId("▁ки")!.Value);
    }

    public override double Score(Checkpoint checkpoint, Tokenizer tokenizer, double[] state)
    {
        double[] logits = Linear(checkpoint, "lm_head.weight", null, state);
        return Sigmoid(logits[tokenizer.TokenId("▁+")!.Value] - logits[tokenizer.TokenId("▁-")!.Value]);
    }
}

internal sealed class SlowSkywork : SlowPrm
{
    public override RandomModel Model => Tiny("qwen2", 300, "Qwen2ForPrmModel") with { HeadModules = [("v_head.summary", 1, 16)] };

    public override JsonObject TokenizerFile => SyntheticTokenizer.ByteLevel(special: ["<|endoftext|>"]);

    public override JsonObject TokenizerConfig => new() { ["bos_token"] = "<|endoftext|>" };

    public override (int[] Tokens, int[] Positions) Write(Tokenizer tokenizer, string problem, string answer)
    {
        List<int> tokens = [.. tokenizer.EncodeWithSpecialTokens($"<|endoftext|>{problem}\n")], positions = [];
        foreach (string line in answer.Split('\n'))
        {
            tokens.AddRange(tokenizer.Encode(line));
            tokens.Add('\n');
            positions.Add(tokens.Count - 1);
        }
        return ([.. tokens], [.. positions]);
    }

    public override double Score(Checkpoint checkpoint, Tokenizer tokenizer, double[] state) =>
        Sigmoid(Linear(checkpoint, "v_head.summary", state)[0]);
}

internal sealed class SlowQwen : SlowPrm
{
    public override RandomModel Model =>
        Tiny("qwen2", 300, "Qwen2ForProcessRewardModel") with { HeadModules = [("score.0", 16, 16), ("score.2", 2, 16)] };

    public override JsonObject TokenizerFile =>
        SyntheticTokenizer.ByteLevel(special: ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<extra_0>"]);

    public override (int[] Tokens, int[] Positions) Write(Tokenizer tokenizer, string problem, string answer)
    {
        int[] tokens = tokenizer.EncodeWithSpecialTokens(
            "<|im_start|>system\nPlease reason step by step, and put your final answer within \\boxed{}.<|im_end|>\n"
            + $"<|im_start|>user\n{problem}<|im_end|>\n<|im_start|>assistant\n{answer.Replace("\n\n", "<extra_0>")}<extra_0><|im_end|>\n");
        return (tokens, PositionsOf(tokens, tokenizer.TokenId("<extra_0>")!.Value));
    }

    public override double Score(Checkpoint checkpoint, Tokenizer tokenizer, double[] state)
    {
        double[] hidden = [.. Linear(checkpoint, "score.0", state).Select(x => Math.Max(x, 0))];
        double[] powers = [.. Linear(checkpoint, "score.2", hidden).Select(Math.Exp)];
        return powers[1] / powers.Sum();
    }
}

internal sealed class SlowTrl : SlowPrm
{
    public override RandomModel Model => Tiny("qwen2", 300, "Qwen2ForTokenClassification") with { HeadModules = [("score", 2, 16)] };

    public override JsonObject TokenizerFile => SyntheticTokenizer.ByteLevel();

    // As Qwen's: no bos_token, though config.json names one.
    public override JsonObject TokenizerConfig => new() { ["bos_token"] = null };

    public override (int[] Tokens, int[] Positions) Write(Tokenizer tokenizer, string problem, string answer)
    {
        int[] separator = tokenizer.Encode("\n\n");
        List<int> tokens = [.. tokenizer.Encode(problem)], positions = [];
        foreach (string step in answer.Split("\n\n"))
        {
            tokens.AddRange([.. tokenizer.Encode(step), .. separator]);
            positions.Add(tokens.Count - 1);
        }
        return ([.. tokens], [.. positions]);
    }

    public override double Score(Checkpoint checkpoint, Tokenizer tokenizer, double[] state)
    {
        double[] powers = [.. Linear(checkpoint, "score", state).Select(Math.Exp)];
        return powers[1] / powers.Sum();
    }
}
