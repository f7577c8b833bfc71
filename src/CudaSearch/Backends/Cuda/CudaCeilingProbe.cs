using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>Measures what a device can read, copy and multiply at best, by events: the fastest of a few rounds.</summary>
internal sealed class CudaCeilingProbe(CudaContext context, KernelLibrary library, CudaStream stream)
{
    // Beyond every cache; half of what is free where that is less.
    private const long MostBytes = 512L << 20;
    private const long FirstBytes = 1L << 20;
    private const int FirstRounds = 4;
    private const int MostRounds = 1 << 20;
    private const int Repeats = 5;

    // From here on launching and draining weigh nothing. A slow device gets there with little work.
    private const double LongEnough = 1e-3;

    /// <summary>Measures; some hundredths of a second.</summary>
    public Ceilings Measure()
    {
        var (operations, instruction) = MeasureProducts();
        var (read, copied) = MeasureMemory();
        return new Ceilings(read, operations, $"bf16 {instruction}", copied);
    }

    private (double Read, double Copied) MeasureMemory()
    {
        var reader = new ProbeReadKernel(library);
        int blocks = ProbeReadKernel.Blocks(context.MultiprocessorCount);
        long most = Math.Clamp(context.FreeMemory / 4, FirstBytes, MostBytes) / FirstBytes * FirstBytes;
        using var timer = new CudaTimer(stream);
        using var sums = new CudaDeviceVariable<uint>(ProbeReadKernel.Sums(blocks));
        using var source = new CudaDeviceVariable<byte>(most);
        source.Fill(0x5A, stream);
        long bytes = Math.Min(FirstBytes, most);
        while (bytes < most && Read(bytes) < LongEnough) bytes = Math.Min(8 * bytes, most);
        double read = bytes / Best(() => Read(bytes));
        using CudaDeviceVariable<byte> from = new(bytes), to = new(bytes);
        from.Fill(0x5A, stream);
        return (read, 2 * bytes / Best(() => timer.Time(() => to.CopyFromAsync(from, stream))));

        double Read(long count) => timer.Time(() => reader.Launch(stream, blocks, source.Pointer, count, sums.Pointer));
    }

    private (double PerSecond, string Instruction) MeasureProducts()
    {
        var best = MeasureProducts(ProbeMmaKernel.Mma(library));
        // mma.sync does not reach what Hopper's tensor cores can do.
        if (context.ComputeCapability == new Version(9, 0))
        {
            var wgmma = MeasureProducts(ProbeMmaKernel.Wgmma(library));
            if (wgmma.PerSecond > best.PerSecond) best = wgmma;
        }
        return best;
    }

    private (double PerSecond, string Instruction) MeasureProducts(ProbeMmaKernel kernel)
    {
        int blocks = kernel.Blocks(context.MultiprocessorCount), rounds = FirstRounds;
        using var timer = new CudaTimer(stream);
        using var output = new CudaDeviceVariable<float>(kernel.Tile.Rows * kernel.Tile.Columns);
        while (rounds < MostRounds && Multiply() < LongEnough) rounds *= 4;
        return (kernel.Flops(blocks, rounds) / Best(Multiply), kernel.Instruction);

        double Multiply() => timer.Time(() => kernel.Launch(stream, blocks, rounds, output.Pointer));
    }

    private static double Best(Func<double> seconds) => Enumerable.Range(0, Repeats).Min(_ => seconds());
}
