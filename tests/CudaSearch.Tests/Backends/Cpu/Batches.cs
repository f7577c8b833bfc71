using CudaSearch.Backends;
using CudaSearch.Cache;

namespace CudaSearch.Tests.Backends.Cpu;

/// <summary>Batches for tests and measurements of single operations.</summary>
internal static class Batches
{
    /// <summary>A batch of so many rows of one sequence.</summary>
    public static StepBatch Of(int rows)
    {
        var table = new PageTable(new PagePool(rows / PagePool.PageSize + 1));
        if (!table.TryAppend(rows, out _)) throw new InvalidOperationException($"{rows} rows do not fit their own pool");
        var batch = new StepBatch();
        batch.AddSequence(new int[rows], 0, table);
        return batch;
    }
}
