using System.Diagnostics;
using System.Globalization;

namespace CudaSearch.Benchmarks.Engine;

/// <summary>How long each part of something done again and again took, the last times it was done.</summary>
/// <param name="names">The parts.</param>
internal sealed class PartTimes(params string[] names)
{
    private const int Kept = 1 << 14;

    private readonly long[][] _ticks = [.. names.Select(_ => new long[Kept])];
    private readonly int[] _counts = new int[names.Length];
    private long _last;

    /// <summary>The next part begins here.</summary>
    public void Begin() => _last = Stopwatch.GetTimestamp();

    /// <summary>A part ends here, and another begins.</summary>
    public void End(int part)
    {
        long now = Stopwatch.GetTimestamp();
        _ticks[part][_counts[part]++ % Kept] = now - _last;
        _last = Stopwatch.GetTimestamp();
    }

    /// <summary>Forgets what was measured.</summary>
    public void Clear() => Array.Clear(_counts);

    /// <summary>The median of each part and of them all, in microseconds.</summary>
    public override string ToString()
    {
        int times = Math.Min(_counts.Min(), Kept);
        IEnumerable<long> whole = Enumerable.Range(0, times).Select(i => _ticks.Sum(part => part[i]));
        return string.Join(", ", names.Select((name, part) => $"{name} {Median(_ticks[part].Take(times))}").Append($"all {Median(whole)} us, of {times} passes"));
    }

    private static string Median(IEnumerable<long> ticks)
    {
        long[] sorted = [.. ticks.Order()];
        return sorted.Length == 0 ? "-" : (sorted[sorted.Length / 2] * 1e6 / Stopwatch.Frequency).ToString("0.0", CultureInfo.InvariantCulture);
    }
}
