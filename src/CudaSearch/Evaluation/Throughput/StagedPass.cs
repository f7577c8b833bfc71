using CudaSearch.Backends;
using CudaSearch.Cache;

namespace CudaSearch.Evaluation.Throughput;

/// <summary>A pass that is ready to run, any number of times. Gives its pages back.</summary>
public sealed class StagedPass : IDisposable
{
    private readonly List<PageTable> _tables = [];

    internal StagedPass(PassCase kind) => Case = kind;

    /// <summary>What kind it is of.</summary>
    public PassCase Case { get; }

    /// <summary>Its rows, completed.</summary>
    public StepBatch Batch { get; } = new();

    /// <summary>What it must read and compute.</summary>
    public PassCost Cost { get; internal set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PageTable table in _tables) table.Dispose();
    }

    internal PageTable Keep(PageTable table)
    {
        _tables.Add(table);
        return table;
    }
}
