using CudaSearch.Cache;

namespace CudaSearch.Backends;

/// <summary>What attention of one layer cannot do without, as the batch's plan has it: each planned page visit once, the pages of every other span once.</summary>
public static class AttentionCost
{
    /// <summary>The rows that the plan holds.</summary>
    /// <param name="batch">Completed.</param>
    /// <param name="shape">Heads, as they lie in memory.</param>
    /// <param name="elementSize">Bytes of an element of queries and outputs.</param>
    /// <param name="vectorBytes">Bytes of a key, and of a value, in the cache.</param>
    public static OperationCost OfPlanned(StepBatch batch, AttentionShape shape, int elementSize, int vectorBytes)
    {
        AttentionPlan plan = batch.Plan;
        long keys = 0, rows = batch.RowCount;
        foreach (ref readonly QuerySpan span in batch.UnplannedSpans) rows -= span.RowCount;
        foreach (ref readonly WorkItem item in plan.Items)
            foreach (ref readonly PlanMember member in plan.Members.Slice(item.FirstMember, item.MemberCount))
                for (int row = 0; row < member.RowCount; row++) keys += Math.Min(item.KeyCount, member.FirstPosition + row - item.FirstKey + 1);
        return Of(shape, rows, plan.DistinctPages, keys, elementSize, vectorBytes);
    }

    /// <summary>The spans that the plan leaves out; parameters as for <see cref="OfPlanned"/>.</summary>
    public static OperationCost OfUnplanned(StepBatch batch, AttentionShape shape, int elementSize, int vectorBytes)
    {
        long rows = 0, pages = 0, keys = 0;
        foreach (ref readonly QuerySpan span in batch.UnplannedSpans)
        {
            rows += span.RowCount;
            pages += PagePool.PagesFor(span.FirstPosition + span.RowCount);
            // Row r sees first position + r + 1 keys.
            keys += (long)span.RowCount * span.FirstPosition + (long)span.RowCount * (span.RowCount + 1) / 2;
        }
        return Of(shape, rows, pages, keys, elementSize, vectorBytes);
    }

    // A query and an output a row; keys and values of the pages; for each row and key a product with the key and one with the value.
    private static OperationCost Of(AttentionShape shape, double rows, double pages, double keys, int elementSize, int vectorBytes)
    {
        double queries = (double)shape.Heads * shape.HeadDim, vectors = 2 * pages * PagePool.PageSize * shape.KvHeads;
        return new(2 * rows * queries * elementSize + vectors * vectorBytes, 4 * queries * keys);
    }
}
