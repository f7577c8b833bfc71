using CudaSearch.Engine;

namespace CudaSearch.Evaluation.Throughput;

/// <summary>When a device was at any pass.</summary>
internal sealed class BusyTime
{
    // Apart and in order.
    private readonly List<(double Begin, double End)> _busy = [];

    /// <param name="samples">Passes of all models.</param>
    public BusyTime(IEnumerable<PassSample> samples)
    {
        foreach (PassSample sample in samples.OrderBy(sample => sample.Begin))
        {
            if (_busy.Count > 0 && sample.Begin <= _busy[^1].End) _busy[^1] = (_busy[^1].Begin, Math.Max(_busy[^1].End, sample.End));
            else _busy.Add((sample.Begin, sample.End));
        }
    }

    /// <summary>The part of an interval in which it was at none.</summary>
    public double IdleSeconds(double begin, double end) =>
        Math.Max(0, end - begin) - _busy.Sum(busy => Math.Max(0, Math.Min(end, busy.End) - Math.Max(begin, busy.Begin)));

    /// <summary>The part of the whole time, from the first pass to the last, in which it was at none.</summary>
    public double IdleShare => _busy.Count == 0 ? 0 : IdleSeconds(_busy[0].Begin, _busy[^1].End) / (_busy[^1].End - _busy[0].Begin);

    /// <summary>The idle part of the time of those passes of one model that follow another at once, what lies before each included; null where none does.</summary>
    public double? IdleShareBetween(IReadOnlyList<PassSample> passes)
    {
        double idle = 0, time = 0;
        for (int i = 1; i < passes.Count; i++)
        {
            if (!passes[i].Follows) continue;
            idle += IdleSeconds(passes[i - 1].End, passes[i].Begin);
            time += passes[i].End - passes[i - 1].End;
        }
        return time > 0 ? idle / time : null;
    }
}
