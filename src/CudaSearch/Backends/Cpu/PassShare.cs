using CudaSearch.Cache;

namespace CudaSearch.Backends.Cpu;

/// <summary>
/// Whole sequences of a pass, and what is wanted of them. Nothing of a pass that one sequence computes is read by another, so shares need not wait for each
/// other between the first operation and the last.
/// </summary>
/// <param name="Rows">Tokens.</param>
/// <param name="Outputs">Their entries in <see cref="StepBatch.OutputRows"/>.</param>
/// <param name="Draws">Theirs in <see cref="StepBatch.Sampled"/>.</param>
/// <param name="Rewards">Theirs in <see cref="StepBatch.Rewarded"/>.</param>
internal readonly record struct PassShare(RowSpan Rows, RowSpan Outputs, RowSpan Draws, RowSpan Rewards)
{
    // A row's products cost about as much as its attention to so many positions, in models small enough to be shared out.
    private const int RowCost = 512;

    // By how much the largest share may exceed an even one: what loops over all rows lose by waiting is no more.
    private const double MostUneven = 1.25;

    /// <summary>All of a pass.</summary>
    public static PassShare Whole(StepBatch batch) =>
        new(new(0, batch.RowCount), new(0, batch.OutputRows.Length), new(0, batch.Sampled.Length), new(0, batch.Rewarded.Length));

    /// <summary>Cuts a pass between sequences into as many shares of nearly equal work as there is room for; false where its sequences do not allow that.</summary>
    public static bool TryCut(StepBatch batch, Span<PassShare> shares)
    {
        ReadOnlySpan<QuerySpan> spans = batch.Spans;
        long total = 0;
        foreach (ref readonly QuerySpan span in spans) total += Cost(span);
        long before = 0, largest = 0;
        int next = 0;
        PassShare last = default;
        for (int i = 0; i < shares.Length; i++)
        {
            long goal = total * (i + 1) / shares.Length, cost = 0;
            int first = next;
            // A sequence goes where most of it lies.
            for (; next < spans.Length && before + cost + Cost(spans[next]) / 2 <= goal; next++) cost += Cost(spans[next]);
            if (next == first) return false;
            before += cost;
            largest = Math.Max(largest, cost);
            var rows = new RowSpan(last.Rows.End, spans[next - 1].FirstRow + spans[next - 1].RowCount - last.Rows.End);
            RowSpan outputs = Within(batch.OutputRows, rows, last.Outputs.End), draws = Within(batch.Sampled, outputs, last.Draws.End);
            last = shares[i] = new PassShare(rows, outputs, draws, Within(batch.Rewarded, outputs, last.Rewards.End));
        }
        return largest * shares.Length <= total * MostUneven && last == Rest(batch, last);
    }

    private static long Cost(in QuerySpan span) => (long)span.RowCount * (RowCost + span.End);

    /// <summary>The run of entries from <paramref name="first"/> on that lie in a span.</summary>
    private static RowSpan Within(ReadOnlySpan<int> entries, RowSpan span, int first)
    {
        int end = first;
        while (end < entries.Length && entries[end] >= span.First && entries[end] < span.End) end++;
        return new RowSpan(first, end - first);
    }

    /// <summary>The last share if it ends where the pass does: entries that are out of order are in no share.</summary>
    private static PassShare Rest(StepBatch batch, PassShare share)
    {
        PassShare whole = Whole(batch);
        return new(To(share.Rows, whole.Rows), To(share.Outputs, whole.Outputs), To(share.Draws, whole.Draws), To(share.Rewards, whole.Rewards));

        static RowSpan To(RowSpan part, RowSpan all) => new(part.First, all.End - part.First);
    }
}
