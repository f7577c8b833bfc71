using CudaSearch.Backends;
using CudaSearch.Cache;

namespace CudaSearch.Engine.Tracing;

/// <summary>A pass of a replay, planned and about to be committed.</summary>
public sealed class ReplayedPass
{
    private readonly StepBatch _batch;
    private readonly Scheduler _scheduler;

    internal ReplayedPass(int engine, long pass, StepBatch batch, Scheduler scheduler) => (Engine, Pass, _batch, _scheduler) = (engine, pass, batch, scheduler);

    /// <summary>Which engine's.</summary>
    public int Engine { get; }

    /// <summary>Its number, from 1.</summary>
    public long Pass { get; }

    /// <summary>Tokens computed.</summary>
    public int Rows => _batch.RowCount;

    /// <summary>Who reads which pages.</summary>
    public AttentionPlan Plan => _batch.Plan;

    /// <summary>Pages that the cache of prefixes keeps, the first to go first.</summary>
    public IEnumerable<int> CachedPages => _scheduler.Prefixes.PagesOldestFirst().Select(kept => kept.Page);

    /// <summary>Every sequence that lives: its number, its tokens, and the pages of those that are computed.</summary>
    public IEnumerable<(long Sequence, int[] Tokens, int Computed, int[] Pages)> Sequences =>
        _scheduler.Sequences.Select(sequence => (sequence.Age, sequence.Tokens.ToArray(), sequence.Table.Length, sequence.Table.Pages.ToArray()));

    /// <summary>The sequence whose tokens a row of the pass is one of.</summary>
    public long SequenceOf(int row)
    {
        foreach (QuerySpan span in _batch.Spans)
        {
            if (row < span.FirstRow || row >= span.FirstRow + span.RowCount) continue;
            foreach (Sequence sequence in _scheduler.Sequences)
                if (ReferenceEquals(sequence.Table, span.Table)) return sequence.Age;
        }
        throw new ArgumentOutOfRangeException(nameof(row), row, "the pass has no such row");
    }
}
