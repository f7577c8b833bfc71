using System.Numerics;

namespace CudaSearch.Backends.Cuda;

/// <summary>
/// Passes of one model and kind run the same launches with the same grids, so one recorded graph serves them all. Row counts are rounded up to powers of two; what a
/// batch does not want is not launched.
/// </summary>
/// <param name="RowCapacity">Rows, rounded up.</param>
/// <param name="OutputCapacity">Output rows, or results where several are read off one row, rounded up; 0 for none.</param>
/// <param name="TileCapacity">Prefill tiles, rounded up; 0 for none.</param>
/// <param name="Wants">What else decides which kernels run.</param>
internal readonly record struct PassKind(int RowCapacity, int OutputCapacity, int TileCapacity, PassWants Wants)
{
    private const int SmallestCapacity = 8;

    /// <summary>The kind of a batch.</summary>
    public static PassKind Of(StepBatch batch, AttentionShape attention)
    {
        PassWants wants = PassWants.None;
        if (batch.Copies.Length > 0) wants |= PassWants.Copies;
        if (batch.Plan.Items.Length > 0) wants |= PassWants.PlannedAttention;
        if (batch.StoresLogits) wants |= PassWants.StoredLogits;
        if (batch.Sampled.Length > 0) wants |= PassWants.Samples;
        if (batch.Rewarded.Length > 0) wants |= PassWants.Rewards;
        int outputs = Math.Max(batch.OutputRows.Length, Math.Max(batch.Sampled.Length, batch.Rewarded.Length));
        return new PassKind(RoundUp(batch.RowCount), RoundUp(outputs), RoundUp(PassBlock.TilesOf(batch, attention)), wants);
    }

    /// <summary>The grid's rows for a row set.</summary>
    public int Capacity(Rows rows) => rows.Set == RowSet.All ? RowCapacity : OutputCapacity;

    /// <summary>Rows that a pass of so many may be given: what its tensors must have.</summary>
    public static int RoundUp(int count) => count == 0 ? 0 : Math.Max(SmallestCapacity, (int)BitOperations.RoundUpToPowerOf2((uint)count));
}

/// <summary>Parts of a pass that some batches do without.</summary>
[Flags]
internal enum PassWants
{
    None = 0,
    Copies = 1,
    PlannedAttention = 2,
    StoredLogits = 4,
    Samples = 8,
    Rewards = 16,
}
