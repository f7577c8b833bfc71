using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>The residual stream, and beside it what kernels/common/norm.cuh keeps for the norm that comes next.</summary>
internal sealed class CudaResidual : ResidualStream
{
    // Columns whose squares are summed together.
    private const int NormGroup = 8;

    private readonly CudaTensor _sums;
    private readonly CudaTensor _operand;
    private readonly CudaDeviceVariable<float> _squares;
    private RmsNorm? _next;

    public CudaResidual(int rows, Axis columns)
    {
        int padded = Padding.Length(columns);
        _sums = new CudaTensor(rows, columns.Length, padded, ActivationType.Sum);
        _operand = new CudaTensor(rows, columns.Length, padded, ActivationType.Operand);
        _squares = new CudaDeviceVariable<float>((long)rows * padded / NormGroup);
    }

    public override CudaTensor Sums => _sums;

    /// <summary>What the kernel writes that is about to write the stream; null: no norm follows.</summary>
    public NextNorm Prepare(RmsNorm? next)
    {
        _next = next;
        return new NextNorm(next is { } norm ? ((CudaWeight)norm.Weight).Pointer : default, _operand.Pointer, _squares.Pointer);
    }

    /// <summary>What the product reads that follows.</summary>
    public NormedRows Normed => _next is { } norm
        ? new NormedRows(_operand.Pointer, _squares.Pointer, _sums.Columns, norm.Epsilon)
        : throw new InvalidOperationException("whoever wrote the residual stream last named no norm for its rows");

    public override void Dispose()
    {
        _sums.Dispose();
        _operand.Dispose();
        _squares.Dispose();
    }
}

/// <summary>Where a kernel that writes the residual stream leaves what the next norm needs.</summary>
/// <param name="Weight">[columns] bf16, or null where no norm follows: then nothing is written.</param>
/// <param name="Operand">[rows, columns] bf16: the stream times the weight.</param>
/// <param name="Squares">[rows, columns / 8] float32: sums of squares.</param>
internal readonly record struct NextNorm(DevicePointer Weight, DevicePointer Operand, DevicePointer Squares);

/// <summary>Rows that a product reads and whose norm it finishes.</summary>
/// <param name="Operand">[rows, k] bf16, as <see cref="NextNorm"/> has it.</param>
/// <param name="Squares">[rows, k / 8] float32.</param>
/// <param name="Columns">How many of the k columns the mean is over; the others are zero.</param>
/// <param name="Epsilon">Added to the mean square.</param>
internal readonly record struct NormedRows(DevicePointer Operand, DevicePointer Squares, int Columns, float Epsilon);
