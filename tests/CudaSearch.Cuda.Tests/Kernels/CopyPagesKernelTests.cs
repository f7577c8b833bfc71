using CudaSearch.Backends.Cuda;
using CudaSearch.Cache;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

public sealed class CopyPagesKernelTests(DeviceFixture device)
{
    private const int Pages = 12, Layers = 2;

    // None, one, more than are in flight at once; chains within a batch, across batches, and back.
    public static TheoryData<int[]> Lists => new(
        [],
        [3, 7],
        [0, 6, 1, 7, 2, 8, 3, 9],
        [0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11],
        [0, 1, 1, 2, 2, 3, 3, 4, 4, 5],
        [0, 5, 1, 6, 2, 7, 5, 8, 8, 9, 0, 1],
        [0, 3, 1, 3, 2, 3, 3, 4],
        [5, 6, 0, 5, 1, 0, 6, 1]);

    [Theory]
    [MemberData(nameof(Lists))]
    public void CopiesInTheOrderListed(int[] list)
    {
        PageCopy[] copies = [.. list.Chunk(2).Select(pair => new PageCopy(pair[0], pair[1]))];
        foreach (int pageBytes in new[] { 16, 4096, 4112 })
        {
            byte[] cache = Random(pageBytes);
            byte[] output = Schedules.Run(() => Run(new CopyPagesKernel(device.Kernels), cache, copies, pageBytes));
            Assert.Equal(Expected(cache, copies, pageBytes), output);
        }
    }

    [Theory]
    [InlineData("no_chains")]
    [InlineData("no_page_bound")]
    public void CatchesABrokenKernel(string what)
    {
        PageCopy[] copies = [new(0, 1), new(1, 2), new(2, 3), new(3, 4)];
        byte[] cache = Random(144);
        byte[] right = Run(new CopyPagesKernel(device.Kernels), cache, copies, 144);
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation($"copy_pages_{what}");
            return Run(new CopyPagesKernel(module.GetKernel<CopyPagesKernel.Arguments>("copy_pages")), cache, copies, 144);
        }, right);
    }

    // Layers lie further apart than their pages need.
    private static long LayerStride(int pageBytes) => (Pages * (long)pageBytes) + 64;

    private static byte[] Random(int pageBytes)
    {
        var cache = new byte[Layers * LayerStride(pageBytes)];
        new Random(pageBytes).NextBytes(cache);
        return cache;
    }

    private static byte[] Expected(byte[] cache, PageCopy[] copies, int pageBytes)
    {
        byte[] expected = [.. cache];
        for (int layer = 0; layer < Layers; layer++)
        {
            Span<byte> pages = expected.AsSpan((int)(layer * LayerStride(pageBytes)), Pages * pageBytes);
            foreach (PageCopy copy in copies)
                pages.Slice(copy.Source * pageBytes, pageBytes).CopyTo(pages[(copy.Destination * pageBytes)..]);
        }
        return expected;
    }

    private byte[] Run(CopyPagesKernel kernel, byte[] cache, PageCopy[] copies, int pageBytes)
    {
        using CudaDeviceVariable<int> pass = device.Upload<int>(new AttendPass { Copies = copies }.ToWords());
        using CudaDeviceVariable<byte> pages = device.Upload<byte>(cache);
        kernel.Launch(device.Stream, pass.Pointer, pages.Pointer, LayerStride(pageBytes), pageBytes, Layers);
        device.Stream.Synchronize();
        return device.Download(pages);
    }
}
