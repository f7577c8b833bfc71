using System.Globalization;

namespace CudaSearch.Evaluation;

/// <summary>Reads <c>--memory</c>.</summary>
public static class MemoryBudget
{
    private static readonly (string Suffix, long Bytes)[] s_units = [("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40)];

    /// <summary>Bytes for <c>0.9</c> (a fraction of what is available) or <c>12GiB</c>.</summary>
    /// <exception cref="CudaSearchException">It is neither.</exception>
    public static long Parse(string text, long available)
    {
        foreach ((string suffix, long unit) in s_units)
        {
            if (!text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) continue;
            if (TryNumber(text[..^suffix.Length].TrimEnd(), out double size) && size > 0 && size * unit < long.MaxValue) return (long)(size * unit);
            throw Invalid(text);
        }
        if (TryNumber(text, out double fraction) && fraction is > 0 and <= 1) return (long)(available * fraction);
        throw Invalid(text);
    }

    private static bool TryNumber(string text, out double value) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value);

    private static CudaSearchException Invalid(string text) =>
        CudaSearchException.BadInput($"--memory {text}: give a fraction of the available memory such as 0.9, or a size such as 12GiB or 512MiB");
}
