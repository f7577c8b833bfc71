namespace CudaSearch.Verification;

/// <summary>The families of process reward models that are understood.</summary>
public enum PrmFormat
{
    /// <summary>Two-class classifiers of tokens, as TRL's PRM trainer makes them.</summary>
    Trl,

    /// <summary>Qwen2.5-Math-PRM: a two-class head with a hidden layer, read at <c>&lt;extra_0&gt;</c>.</summary>
    Qwen,

    /// <summary>Skywork-o1-Open-PRM: a value head, read at the end of each line.</summary>
    Skywork,

    /// <summary>Math-Shepherd: a language model that says <c>+</c> or <c>-</c> at the step tag <c>ки</c>.</summary>
    MathShepherd,

    /// <summary>RLHFlow: a chat model that answers every step with <c>+</c> or <c>-</c>.</summary>
    Rlhflow,
}

/// <summary>The names that users give the formats.</summary>
public static class PrmFormatNames
{
    /// <summary>All names, in the order in which checkpoints are tried.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<PrmFormat>().Select(format => format.Name())];

    /// <summary>The name of a format, e.g. <c>math-shepherd</c>.</summary>
    public static string Name(this PrmFormat format) => format switch
    {
        PrmFormat.Trl => "trl",
        PrmFormat.Qwen => "qwen",
        PrmFormat.Skywork => "skywork",
        PrmFormat.MathShepherd => "math-shepherd",
        PrmFormat.Rlhflow => "rlhflow",
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };

    /// <summary>The format of a name.</summary>
    /// <exception cref="CudaSearchException">There is no such format.</exception>
    public static PrmFormat Parse(string name)
    {
        foreach (PrmFormat format in Enum.GetValues<PrmFormat>())
            if (format.Name() == name) return format;
        throw CudaSearchException.BadInput($"there is no process reward model format \"{name}\"; use {string.Join(", ", All)}");
    }
}
