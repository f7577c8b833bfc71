using System.Runtime.InteropServices;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cache;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

public sealed class RopeAppendKernelTests(DeviceFixture device)
{
    private const int Positions = 40, Pages = 5;

    // Rows that a launch may have beyond those of the pass: they must stay as they are.
    private const int Spare = 2;

    private static readonly int[] s_positions = [0, 1, 39, 17, 16, 15];
    private static readonly int[] s_slots = [79, 0, 16, 15, 33, 34];

    [Theory]
    [InlineData(1, 1, 64)]
    [InlineData(6, 2, 64)]
    [InlineData(32, 8, 64)]
    [InlineData(4, 4, 128)]
    [InlineData(8, 1, 128)]
    public void RotatesAndWritesToTheSlots(int heads, int kvHeads, int headDim)
    {
        Data data = new(heads, kvHeads, headDim);
        byte[][] outputs = Schedules.Run(() => Run(new RopeAppendKernel(device.Kernels), data));
        int wrong = 0, disturbed = 0;
        ReadOnlySpan<ushort> queries = MemoryMarshal.Cast<byte, ushort>(outputs[0]), cache = MemoryMarshal.Cast<byte, ushort>(outputs[1]);
        var written = new bool[cache.Length];
        for (int row = 0; row < s_positions.Length; row++)
        {
            for (int head = 0; head < heads; head++)
            {
                int at = (row * heads + head) * headDim;
                wrong += CountWrong(data, data.Queries, at, s_positions[row], queries.Slice(at, headDim));
            }
            for (int head = 0; head < kvHeads; head++)
            {
                (int page, int offset) = int.DivRem(s_slots[row], PagePool.PageSize);
                int source = (row * kvHeads + head) * headDim;
                int keys = ((page * kvHeads + head) * 2 * PagePool.PageSize + offset) * headDim;
                int values = keys + PagePool.PageSize * headDim;
                wrong += CountWrong(data, data.Keys, source, s_positions[row], cache.Slice(keys, headDim));
                if (!cache.Slice(values, headDim).SequenceEqual(data.Values.AsSpan(source, headDim))) wrong++;
                written.AsSpan(keys, headDim).Fill(true);
                written.AsSpan(values, headDim).Fill(true);
            }
        }
        for (int i = 0; i < cache.Length; i++)
        {
            if (!written[i] && cache[i] != 0xFFFF) disturbed++;
        }
        Assert.Equal((0, 0), (wrong, disturbed));
        int end = s_positions.Length * heads * headDim;
        Assert.True(queries[end..].SequenceEqual(data.Queries.AsSpan(end)));
    }

    [Fact]
    public void CatchesAMissingRowBound()
    {
        Data data = new(4, 2, 64);
        byte[] right = [.. Run(new RopeAppendKernel(device.Kernels), data).SelectMany(output => output)];
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation("rope_append_no_row_bound");
            var kernel = new RopeAppendKernel(module.GetKernel<RopeAppendKernel.Arguments>("rope_append_bf16"));
            return [.. Run(kernel, data).SelectMany(output => output)];
        }, right);
    }

    // Rounding to bf16, by 2^-8 of the number at most, and a little for float32, which shows where the two products cancel.
    private static int CountWrong(Data data, ushort[] input, int at, int position, ReadOnlySpan<ushort> output)
    {
        int wrong = 0, half = data.HeadDim / 2;
        for (int i = 0; i < half; i++)
        {
            double a = Rounding.FromBf16(input[at + i]), b = Rounding.FromBf16(input[at + i + half]);
            double cos = data.Cos[position * half + i], sin = data.Sin[position * half + i];
            if (!IsNear(output[i], a * cos - b * sin) || !IsNear(output[i + half], b * cos + a * sin)) wrong++;
        }
        return wrong;

        static bool IsNear(ushort actual, double expected) =>
            Math.Abs(Rounding.FromBf16(actual) - expected) <= Math.Abs(expected) * (1.01 / 256) + 1e-6;
    }

    private byte[][] Run(RopeAppendKernel kernel, Data data)
    {
        var pass = new AttendPass { Rows = s_positions.Length, Positions = s_positions, Slots = s_slots };
        using CudaDeviceVariable<int> words = device.Upload<int>(pass.ToWords());
        using CudaDeviceVariable<ushort> queries = device.Upload<ushort>(data.Queries);
        using CudaDeviceVariable<ushort> keys = device.Upload<ushort>(data.Keys);
        using CudaDeviceVariable<ushort> values = device.Upload<ushort>(data.Values);
        using CudaDeviceVariable<float> cos = device.Upload<float>(data.Cos);
        using CudaDeviceVariable<float> sin = device.Upload<float>(data.Sin);
        using CudaDeviceVariable<ushort> cache = device.Poisoned<ushort>(Pages * data.KvHeads * 2 * PagePool.PageSize * data.HeadDim);
        kernel.Launch(
            device.Stream, s_positions.Length + Spare, words.Pointer, queries.Pointer, keys.Pointer, values.Pointer, cos.Pointer,
            sin.Pointer, cache.Pointer, data.Heads, data.KvHeads, data.HeadDim);
        device.Stream.Synchronize();
        return [Bytes(queries), Bytes(cache)];

        byte[] Bytes(CudaDeviceVariable<ushort> variable) => MemoryMarshal.AsBytes<ushort>(device.Download(variable)).ToArray();
    }

    /// <summary>Random inputs, two rows more than the pass has.</summary>
    private sealed class Data
    {
        public Data(int heads, int kvHeads, int headDim)
        {
            (Heads, KvHeads, HeadDim) = (heads, kvHeads, headDim);
            var random = new Random(heads);
            int rows = s_positions.Length + Spare;
            Queries = Rounding.Random(random, rows * heads * headDim);
            Keys = Rounding.Random(random, rows * kvHeads * headDim);
            Values = Rounding.Random(random, rows * kvHeads * headDim);
            double[] angles = [.. Enumerable.Range(0, Positions * headDim / 2).Select(_ => random.NextDouble() * 7)];
            Cos = [.. angles.Select(angle => (float)Math.Cos(angle))];
            Sin = [.. angles.Select(angle => (float)Math.Sin(angle))];
        }

        public int Heads { get; }

        public int KvHeads { get; }

        public int HeadDim { get; }

        public ushort[] Queries { get; }

        public ushort[] Keys { get; }

        public ushort[] Values { get; }

        public float[] Cos { get; }

        public float[] Sin { get; }
    }
}
