using System.Text;

namespace CudaSearch.TinyMath;

/// <summary>Which part of all problems one belongs to. The text alone decides, so the parts can never overlap.</summary>
public enum TinyMathSplit
{
    /// <summary>Problems the models learn from (six of eight).</summary>
    Train,

    /// <summary>Problems training is steered by: snapshots are chosen on these (one of eight).</summary>
    Validation,

    /// <summary>Problems nothing is ever tuned on; the published numbers come from these (one of eight).</summary>
    HeldOut,
}

/// <summary>Decides the split of a problem from a stable hash of its text.</summary>
public static class TinyMathSplits
{
    /// <summary>The split of the problem with this text.</summary>
    /// <param name="problem">The problem's text, exactly as the models see it.</param>
    public static TinyMathSplit Of(string problem) => (Hash(problem) % 8) switch
    {
        0 => TinyMathSplit.HeldOut,
        1 => TinyMathSplit.Validation,
        _ => TinyMathSplit.Train,
    };

    /// <summary>64-bit FNV-1a over the UTF-8 bytes of a text, its halves folded: the low bits of FNV-1a alone mix poorly.</summary>
    /// <param name="text">Any text.</param>
    public static ulong Hash(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var hash = 0xCBF29CE484222325UL;
        foreach (var b in Encoding.UTF8.GetBytes(text))
            hash = (hash ^ b) * 0x100000001B3UL;
        return hash ^ (hash >> 32);
    }
}
