using CudaSearch.Backends.Cuda;
using CudaSearch.Cache;
using CudaSearch.Cuda.Tests.Support;
using CudaSearch.Tests.Backends;

namespace CudaSearch.Cuda.Tests.Kernels;

public sealed class AppendE4M3KernelTests(DeviceFixture device)
{
    private const int Spare = 5;

    // The scale of a vector with this largest magnitude.
    private static float Scale(float largest) => float.IsNaN(largest) ? largest : Rounding.FromBf16(Rounding.ToBf16(largest / 448f));

    // A page's head: two times 16 vectors of a byte an element, then as many scales.
    private static int HeadBytes(int headDim) => 2 * PagePool.PageSize * (headDim + sizeof(float));

    [Theory]
    [InlineData(1, 1, 64)]
    [InlineData(16, 2, 128)]
    [InlineData(37, 3, 64)]
    [InlineData(18, 5, 128)]
    public void EveryVectorIsRoundedIntoItsSlotAndNothingElseIsTouched(int rows, int kvHeads, int headDim)
    {
        (ushort[] staged, int[] slots, int pages) = Scene(rows, kvHeads, headDim);
        byte[] output = Schedules.Run(() => Run(new AppendE4M3Kernel(device.Kernels, headDim), staged, slots, pages, kvHeads, headDim));
        Assert.Equal(Expected(staged, slots, pages, kvHeads, headDim), output);
    }

    // A key whose largest element is this, as bf16, and the others zero: 448, the smallest numbers, zero itself; and what is no number.
    [Fact]
    public void TheLargestElementShowsInTheScale()
    {
        const int HeadDim = 64;
        ushort[] largest = [0x43E0, 0x8001, 0x0080, 0x0000, 0x7FC0, 0xFF80];
        (ushort[] staged, int[] slots, int pages) = Scene(largest.Length, 1, HeadDim);
        for (int row = 0; row < largest.Length; row++)
        {
            Span<ushort> key = staged.AsSpan(row * HeadDim, HeadDim);
            key.Clear();
            key[7] = largest[row];
        }
        byte[] output = Run(new AppendE4M3Kernel(device.Kernels, HeadDim), staged, slots, pages, 1, HeadDim);
        for (int row = 0; row < largest.Length; row++)
        {
            (int page, int offset) = int.DivRem(slots[row], PagePool.PageSize);
            int head = page * HeadBytes(HeadDim);
            float scale = BitConverter.ToSingle(output, head + 2 * PagePool.PageSize * HeadDim + offset * sizeof(float));
            Assert.Equal(Scale(Math.Abs(Rounding.FromBf16(largest[row]))), scale);
            int expected = scale > 0 ? E4M3Reference.Round(Rounding.FromBf16(largest[row]) / scale) : 0;
            Assert.Equal(expected, output[head + offset * HeadDim + E4M3Matrix.Place(7)]);
        }
    }

    [Theory]
    [InlineData("row_for_slot")]
    [InlineData("scale_of_a_lane")]
    [InlineData("scale_unrounded")]
    [InlineData("plain_order")]
    public void CatchesABrokenKernel(string what)
    {
        (ushort[] staged, int[] slots, int pages) = Scene(21, 2, 64);
        byte[] right = Run(new AppendE4M3Kernel(device.Kernels, 64), staged, slots, pages, 2, 64);
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation($"append_e4m3_{what}");
            return Run(new AppendE4M3Kernel(module.GetKernel<AppendE4M3Kernel.Arguments>("append_e4m3_d64")), staged, slots, pages, 2, 64);
        }, right);
    }

    // Vectors of all magnitudes; slots scattered over the pages.
    private static (ushort[] Staged, int[] Slots, int Pages) Scene(int rows, int kvHeads, int headDim)
    {
        var random = new Random(rows);
        int pages = rows / PagePool.PageSize + 2;
        int vectors = PagePool.PagesFor(rows) * PagePool.PageSize * 2 * kvHeads;
        ushort[] staged = [.. Enumerable.Range(0, vectors).SelectMany(_ => Rounding.Random(random, headDim, MathF.ScaleB(1, random.Next(-20, 20))))];
        int[] slots = [.. Enumerable.Range(0, pages * PagePool.PageSize)];
        random.Shuffle(slots);
        return (staged, slots[..rows], pages);
    }

    private static byte[] Expected(ushort[] staged, int[] slots, int pages, int kvHeads, int headDim)
    {
        var cache = new byte[pages * kvHeads * HeadBytes(headDim)];
        Array.Fill(cache, (byte)0xFF);
        for (int row = 0; row < slots.Length; row++)
        {
            (int page, int offset) = int.DivRem(slots[row], PagePool.PageSize);
            for (int vector = 0; vector < 2 * kvHeads; vector++)
            {
                int from = ((row / PagePool.PageSize * 2 * kvHeads + vector) * PagePool.PageSize + row % PagePool.PageSize) * headDim;
                float[] elements = Array.ConvertAll(staged[from..(from + headDim)], Rounding.FromBf16);
                float scale = Scale(elements.Max(Math.Abs));
                int head = (page * kvHeads + vector / 2) * HeadBytes(headDim), part = vector % 2 * PagePool.PageSize + offset;
                for (int d = 0; d < headDim; d++) cache[head + part * headDim + E4M3Matrix.Place(d)] = (byte)E4M3Reference.Round(elements[d] / scale);
                BitConverter.TryWriteBytes(cache.AsSpan(head + 2 * PagePool.PageSize * headDim + part * sizeof(float)), scale);
            }
        }
        return cache;
    }

    private byte[] Run(AppendE4M3Kernel kernel, ushort[] staged, int[] slots, int pages, int kvHeads, int headDim)
    {
        using CudaDeviceVariable<int> pass = device.Upload<int>(new AttendPass { Rows = slots.Length, Slots = slots }.ToWords());
        using CudaDeviceVariable<ushort> from = device.Upload<ushort>(staged);
        using CudaDeviceVariable<byte> cache = device.Poisoned<byte>(pages * kvHeads * HeadBytes(headDim));
        kernel.Launch(device.Stream, slots.Length + Spare, pass.Pointer, from.Pointer, cache.Pointer, kvHeads);
        device.Stream.Synchronize();
        return device.Download(cache);
    }
}
