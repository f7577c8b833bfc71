using System.Text.Json;
using CudaSearch.Checkpoints;
using CudaSearch.Tokenization;

namespace CudaSearch.Verification;

/// <summary>What a process reward model is recognised by and set up from.</summary>
internal sealed class PrmFiles(Checkpoint checkpoint, Tokenizer tokenizer, PrmOptions options)
{
    private const string TokenizerConfigName = "tokenizer_config.json";
    private const int MaxFileBytes = 16 << 20;

    public Checkpoint Checkpoint { get; } = checkpoint;

    public Tokenizer Tokenizer { get; } = tokenizer;

    public PrmOptions Options { get; } = options;

    /// <summary>Why there is no tensor of this shape; null when there is.</summary>
    public string? LacksTensor(string name, params ReadOnlySpan<long> shape)
    {
        string wanted = $"a tensor {name} of shape {Shapes.Show(shape.ToArray())}";
        if (!Checkpoint.Contains(name)) return wanted;
        IReadOnlyList<long> found = Checkpoint.Get(name).Shape;
        return shape.SequenceEqual([.. found]) ? null : $"{wanted}, not {Shapes.Show(found)}";
    }

    /// <summary>Why there is none of these tokens; null when all are there.</summary>
    public string? LacksToken(params ReadOnlySpan<string> tokens)
    {
        foreach (string token in tokens)
            if (Tokenizer.TokenId(token) is null) return $"a token {token}";
        return null;
    }

    /// <summary>
    /// The token that the model's Python tokenizer calls <c>bos_token</c>: tokenizer_config.json's, and without that file the one that
    /// tokenizer.json puts before every text. config.json's is another matter: Qwen names one there that its tokenizer does not have.
    /// </summary>
    /// <exception cref="CudaSearchException">The file is wrong, or names a token that the tokenizer does not have.</exception>
    public int? BosToken()
    {
        string path = Path.Join(Checkpoint.Directory, TokenizerConfigName);
        if (!File.Exists(path)) return Tokenizer.PrefixIds.Count == 0 ? null : Tokenizer.PrefixIds[0];
        using JsonDocument document = StrictJson.ParseObject(StrictJson.ReadFile(path, MaxFileBytes), path);
        var settings = new ConfigObject(document.RootElement, path);
        if (settings.Value("bos_token") is not { } value) return null;
        // Older files spell a token out with its stripping rules.
        bool isObject = value.ValueKind == JsonValueKind.Object;
        string name = (isObject ? settings.Object("bos_token")!.Value.String("content") : settings.String("bos_token"))
            ?? throw settings.Fault("bos_token", value, "a token's text is needed");
        return Tokenizer.TokenId(name) ?? throw settings.Fault("bos_token", value, "a token of tokenizer.json is needed");
    }
}
