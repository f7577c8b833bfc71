namespace CudaSearch.Backends;

/// <summary>
/// What an operation cannot do without: each operand read once, each result written once, and the operations of matrix products and attention. What a
/// kernel moves beyond that (partial states, sums of squares, tiles read again) is its own affair and shows as distance from the floor.
/// </summary>
/// <param name="Bytes">Read and written.</param>
/// <param name="Flops">Of products and attention, two a multiply-add; other arithmetic weighs nothing beside them and counts as none.</param>
public readonly record struct OperationCost(double Bytes, double Flops)
{
    /// <summary>Both together.</summary>
    public static OperationCost operator +(OperationCost a, OperationCost b) => new(a.Bytes + b.Bytes, a.Flops + b.Flops);

    /// <summary>input [rows, k] · weightᵀ [k, n], each element read once, each result written once.</summary>
    /// <param name="rows">Rows of input and output.</param>
    /// <param name="n">Rows of the weight, all matrices together where there are several.</param>
    /// <param name="k">Columns of the weight.</param>
    /// <param name="inputSize">Bytes of an element of the input.</param>
    /// <param name="weightSize">Bytes of a weight as it is read.</param>
    /// <param name="outputBytes">Bytes that the output moves in all.</param>
    public static OperationCost OfProduct(double rows, double n, double k, double inputSize, double weightSize, double outputBytes) =>
        new(rows * k * inputSize + n * k * weightSize + outputBytes, 2 * rows * n * k);

    /// <summary>The least time that it can take.</summary>
    public double FloorSeconds(Ceilings ceilings) => Math.Max(Bytes / ceilings.BytesPerSecond, Flops / ceilings.OperationsPerSecond);

    /// <summary>Whether arithmetic, rather than memory, sets that least time.</summary>
    public bool IsComputeBound(Ceilings ceilings) => Flops / ceilings.OperationsPerSecond > Bytes / ceilings.BytesPerSecond;
}
