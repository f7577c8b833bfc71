using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda.Ladder;

/// <summary>One product of the ladder: output = input · weightᵀ (+ bias), the contract of kernels/linear.cu.</summary>
/// <param name="Pass">The pass block, which says how many rows there are.</param>
/// <param name="RowSet">0: every row of the pass; 1: its output rows.</param>
/// <param name="Input">[RowCapacity, K] bf16. Wgmma kernels may read rows beyond the pass's; nothing comes of them.</param>
/// <param name="Weight">[N, K] bf16.</param>
/// <param name="Bias">[N] bf16, or null.</param>
/// <param name="Output">[rows, N] bf16; nothing beyond the pass's rows is written.</param>
/// <param name="RowCapacity">Most rows that a pass of this launch has.</param>
/// <param name="N">Output columns, a multiple of 8.</param>
/// <param name="K">Input columns, a multiple of 64.</param>
internal readonly record struct LinearProduct(
    DevicePointer Pass, int RowSet, DevicePointer Input, DevicePointer Weight, DevicePointer Bias, DevicePointer Output, int RowCapacity, int N, int K);
