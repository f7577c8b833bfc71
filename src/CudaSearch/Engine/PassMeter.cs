using System.Diagnostics;
using CudaSearch.Backends;

namespace CudaSearch.Engine;

/// <summary>One pass as the device's loop saw it. Times are in seconds.</summary>
internal readonly record struct PassSample
{
    /// <summary>Taking the results of the engine's pass before.</summary>
    public double Commit { get; init; }

    /// <summary>Choosing the requests, keeping the books of pages, planning attention.</summary>
    public double Plan { get; init; }

    /// <summary>Handing the pass to the backend; where that computes it, the pass itself.</summary>
    public double Launch { get; init; }

    /// <summary>Telling those whose requests are done.</summary>
    public double Deliver { get; init; }

    /// <summary>When it began on the device, on a clock that all engines of the loop share.</summary>
    public double Begin { get; init; }

    /// <summary>When it had ended.</summary>
    public double End { get; init; }

    /// <summary>Whether it was launched in the turn that took the results of the pass before: what lies between the two is the host's doing.</summary>
    public bool Follows { get; init; }

    /// <summary>Tokens computed.</summary>
    public int Rows { get; init; }

    /// <summary>Rows whose logits were needed.</summary>
    public int OutputRows { get; init; }

    /// <summary>Pages that attention read in a layer.</summary>
    public long PageVisits { get; init; }

    /// <summary>Keys that all rows attended to together, in a layer.</summary>
    public long Keys { get; init; }
}

/// <summary>Writes down where the time of an engine's passes goes. The engine calls it on the loop's thread; read it when nothing runs.</summary>
/// <param name="backend">Knows when the device was at a pass.</param>
/// <param name="pass">The engine's model.</param>
internal sealed class PassMeter(IProfiledBackend backend, IPass pass)
{
    private readonly List<PassSample> _samples = [];
    private double _commit, _plan;
    private bool _follows;
    private long _last;

    /// <summary>Every pass that was launched, in order.</summary>
    public IReadOnlyList<PassSample> Samples => _samples;

    /// <summary>Forgets all samples.</summary>
    public void Clear() => _samples.Clear();

    /// <summary>The loop has come to this engine.</summary>
    public void BeginTurn()
    {
        _follows = false;
        _last = Stopwatch.GetTimestamp();
    }

    /// <summary>The results of the pass under way were taken.</summary>
    public void Committed()
    {
        _commit = Lap();
        _follows = true;
        if (backend.LastInterval(pass) is var (begin, end)) _samples[^1] = _samples[^1] with { Begin = begin, End = end };
        _last = Stopwatch.GetTimestamp();
    }

    /// <summary>The next pass was planned.</summary>
    public void Planned() => _plan = Lap();

    /// <summary>It was launched.</summary>
    public void Launched(StepBatch batch)
    {
        double begin = Seconds(_last), launch = Lap();
        _samples.Add(new PassSample
        {
            Commit = _commit,
            Plan = _plan,
            Launch = launch,
            Begin = begin,
            End = begin + launch,
            Follows = _follows,
            Rows = batch.RowCount,
            OutputRows = batch.Sampled.Length > 0 ? batch.OutputRows.Length : 0,
            PageVisits = batch.PageVisits,
            Keys = batch.AttendedKeys,
        });
        _last = Stopwatch.GetTimestamp();
    }

    /// <summary>Callers were told of what the pass before gave them.</summary>
    public void Delivered()
    {
        if (_samples.Count > 0) _samples[^1] = _samples[^1] with { Deliver = _samples[^1].Deliver + Lap() };
    }

    private double Lap()
    {
        long now = Stopwatch.GetTimestamp(), before = _last;
        _last = now;
        return Seconds(now - before);
    }

    private static double Seconds(long ticks) => ticks / (double)Stopwatch.Frequency;
}
