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

    /// <summary>Every sequence that lives: its number, how many of its tokens are computed, and their pages.</summary>
    public IEnumerable<(long Sequence, int Computed, int[] Pages)> Sequences
    {
        get
        {
            foreach (Sequence sequence in _scheduler.Sequences)
            {
                // A twin's pages are its leader's for the time of a pass.
                PageTable table = (sequence.Request?.Leader?.Sequence ?? sequence).Table;
                yield return (sequence.Age, table.Length, table.Pages.ToArray());
            }
        }
    }
}
