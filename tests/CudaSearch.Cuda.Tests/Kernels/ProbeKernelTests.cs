using System.Runtime.InteropServices;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>The kernels that measure ceilings do the work that they are timed for.</summary>
public sealed class ProbeKernelTests(DeviceFixture device)
{
    // Fewer chunks than threads, a whole number of rounds, and one chunk more than that.
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 700)]
    [InlineData(2, 8 * 2 * 512)]
    [InlineData(2, 8 * 2 * 512 + 1)]
    [InlineData(3, 40_000)]
    public void EveryWordIsReadOnce(int blocks, int chunks)
    {
        uint[] words = new uint[4 * chunks];
        new Random(chunks).NextBytes(MemoryMarshal.AsBytes(words.AsSpan()));
        byte[] output = Schedules.Run(() => Read(new ProbeReadKernel(device.Kernels), words, blocks));
        uint expected = 0, total = 0;
        foreach (uint word in words) expected += word;
        foreach (uint sum in MemoryMarshal.Cast<byte, uint>(output)) total += sum;
        Assert.Equal(expected, total);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void MmaAddsUpTheProduct(int rounds) => AddsUpTheProduct(ProbeMmaKernel.Mma(device.Kernels), depth: 16, rounds, terms: rounds);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void WgmmaAddsUpTheProduct(int rounds)
    {
        Assert.SkipWhen(device.Context.ComputeCapability != new Version(9, 0), "exists on compute capability 9.0 alone");
        AddsUpTheProduct(ProbeMmaKernel.Wgmma(device.Kernels), depth: 64, rounds, terms: 4 * rounds);
    }

    private void AddsUpTheProduct(ProbeMmaKernel kernel, int depth, int rounds, int terms)
    {
        (int rows, int columns, int work) = kernel.Tile;
        Assert.Equal(work * rounds, depth * terms);
        Assert.Equal(2.0 * rows * columns * depth * terms * kernel.ProductsPerBlock * 2, kernel.Flops(blocks: 2, rounds));
        byte[] output = Schedules.Run(() => Multiply(kernel, rounds));
        ReadOnlySpan<float> actual = MemoryMarshal.Cast<byte, float>(output);
        double worst = 0;
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                double sum = 0;
                for (int k = 0; k < depth; k++) sum += (double)Element(row, k) * Element(column, k);
                worst = Math.Max(worst, Math.Abs(terms * sum - actual[row * columns + column]));
            }
        }
        // Products are of numbers in [1, 2): each sum is good to some float32 roundings of what was added.
        Assert.InRange(worst, 0, 1e-5 * depth * terms);
    }

    [Fact]
    public void CatchesALostRest()
    {
        uint[] words = [.. Enumerable.Range(1, 4 * 700).Select(i => (uint)i)];
        byte[] right = Read(new ProbeReadKernel(device.Kernels), words, blocks: 1);
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation("probe_read_no_rest");
            return Read(new ProbeReadKernel(module.GetKernel<ProbeReadKernel.Arguments>("probe_read_u32")), words, blocks: 1);
        }, right);
    }

    [Theory]
    [InlineData("probe_mma_no_wait")]
    [InlineData("probe_mma_no_swizzle")]
    public void CatchesABrokenProduct(string mutation)
    {
        TestDevice.RequireHost();
        byte[] right = Multiply(ProbeMmaKernel.Wgmma(device.Kernels), rounds: 1);
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation(mutation);
            return Multiply(ProbeMmaKernel.Wgmma(module.GetKernel<ProbeMmaKernel.Arguments>), rounds: 1);
        }, right);
    }

    private byte[] Read(ProbeReadKernel kernel, uint[] words, int blocks)
    {
        using CudaDeviceVariable<uint> data = device.Upload<uint>(words), sums = device.Poisoned<uint>(ProbeReadKernel.Sums(blocks));
        kernel.Launch(device.Stream, blocks, data.Pointer, data.SizeInBytes, sums.Pointer);
        device.Stream.Synchronize();
        return MemoryMarshal.AsBytes<uint>(device.Download(sums)).ToArray();
    }

    private byte[] Multiply(ProbeMmaKernel kernel, int rounds)
    {
        using CudaDeviceVariable<float> sums = device.Poisoned<float>(kernel.Tile.Rows * kernel.Tile.Columns);
        kernel.Launch(device.Stream, blocks: 2, rounds, sums.Pointer);
        device.Stream.Synchronize();
        return MemoryMarshal.AsBytes<float>(device.Download(sums)).ToArray();
    }

    // kernels/probe_mma.cu: bits of a multiplicative hash, as sign and mantissa of a number in ±[1, 2).
    private static float Element(int row, int column)
    {
        uint mixed = unchecked((uint)(row * 64 + column + 1) * 0x9E3779B1u);
        return Rounding.FromBf16((ushort)((mixed >> 16 & 0x8000) | 0x3F80 | (mixed >> 20 & 0x7F)));
    }
}
