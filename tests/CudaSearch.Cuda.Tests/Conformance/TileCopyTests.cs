using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Conformance;

/// <summary>TMA brings a box of a matrix to shared memory as the PTX manual says: rows of 128 bytes whose chunks are swizzled, zeros beyond the matrix.</summary>
public sealed class TileCopyTests(DeviceFixture device)
{
    private const int BoxRows = 16, BoxColumns = 64, Rows = 40, Columns = 136;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(64, 16)]
    [InlineData(72, 8)]
    [InlineData(128, 0)]
    [InlineData(0, 32)]
    [InlineData(128, 39)]
    [InlineData(64, 48)]
    public void BringsABox(int x, int y)
    {
        Assert.SkipWhen(device.Context.ComputeCapability != new Version(9, 0), "exists on compute capability 9.0 alone");
        ushort[] matrix = [.. Enumerable.Range(1, Rows * Columns).Select(i => (ushort)i)];
        byte[] tile = Schedules.Run(() => Copy(matrix, x, y));
        ReadOnlySpan<ushort> elements = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(tile);
        for (int row = 0; row < BoxRows; row++)
        {
            for (int column = 0; column < BoxColumns; column++)
            {
                // 16-byte chunk c of row r lies where chunk c ^ (r % 8) would.
                int at = (row * BoxColumns) + (((column / 8) ^ (row % 8)) * 8) + (column % 8);
                int expected = x + column < Columns && y + row < Rows ? matrix[((y + row) * Columns) + x + column] : 0;
                Assert.True(expected == elements[at], $"row {row}, column {column}: {elements[at]} instead of {expected}");
            }
        }
    }

    [Fact]
    public void RefusesWhatTheDriverRefuses()
    {
        using CudaDeviceVariable<ushort> memory = device.Upload<ushort>(new ushort[Rows * Columns]);
        CudaException fault = Assert.Throws<CudaException>(() => CudaTensorMap.OfMatrix(memory.Pointer, Rows, columns: 60, BoxRows));
        Assert.Contains("40 x 60", fault.Message, StringComparison.Ordinal);
    }

    private byte[] Copy(ushort[] matrix, int x, int y)
    {
        using var kernels = new KernelLibrary(device.Context, Primitive.ImageFolder(device.Context, isChecked: true));
        CudaKernel<Arguments> kernel = kernels.Get<Arguments>("hopper", "tile_copy");
        using CudaDeviceVariable<ushort> source = device.Upload<ushort>(matrix);
        using CudaDeviceVariable<byte> target = device.Poisoned<byte>(BoxRows * BoxColumns * sizeof(ushort));
        var arguments = new Arguments { Map = CudaTensorMap.OfMatrix(source.Pointer, Rows, Columns, BoxRows), Output = target.Pointer, X = x, Y = y };
        kernel.Launch(device.PlainStream, new Dim3(1), new Dim3(128), arguments, (int)target.SizeInBytes);
        device.PlainStream.Synchronize();
        return device.Download(target);
    }

    private struct Arguments
    {
        public CudaTensorMap Map;
        public DevicePointer Output;
        public int X, Y;
    }
}
