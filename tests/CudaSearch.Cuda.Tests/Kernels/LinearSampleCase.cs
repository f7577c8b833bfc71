using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>Rows, an output matrix and draws, and both ways to tokens: in the product's epilogue, and by a product, stored logits and a sampler.</summary>
internal sealed class LinearSampleCase
{
    // Rows and draws that a launch may have beyond those of the pass: they must stay as they are.
    private const int Spare = 20;

    /// <summary>Random rows in (−1, 1) and weights in (−0.5, 0.5); one greedy draw a row.</summary>
    /// <param name="rows">Output rows.</param>
    /// <param name="vocabulary">Tokens.</param>
    /// <param name="k">Width of a row, a multiple of 64.</param>
    public LinearSampleCase(int rows, int vocabulary, int k)
    {
        (Rows, Vocabulary, K) = (rows, vocabulary, k);
        var random = new Random(rows * 31 + vocabulary * 7 + k);
        Input = Rounding.Random(random, rows * k);
        Weight = Rounding.Random(random, vocabulary * k, 0.5f);
        Draws = [.. Enumerable.Range(0, rows).Select(row => (row, new SamplingParameters(0f, 1f, 0, 0f, 0f)))];
    }

    /// <summary>Output rows.</summary>
    public int Rows { get; }

    /// <summary>Tokens.</summary>
    public int Vocabulary { get; }

    /// <summary>Width of a row.</summary>
    public int K { get; }

    /// <summary>[Rows, K] bf16.</summary>
    public ushort[] Input { get; }

    /// <summary>[Vocabulary, K] bf16.</summary>
    public ushort[] Weight { get; }

    /// <summary>Draws in order of their rows.</summary>
    public (int Row, SamplingParameters How)[] Draws { get; init; }

    /// <summary>Sets a whole row of the input.</summary>
    public void FillInput(int row, float value) => Input.AsSpan(row * K, K).Fill(Rounding.ToBf16(value));

    /// <summary>Sets a whole row of the matrix: the logit of a token is then that times the sum of the input row.</summary>
    public void FillWeight(int token, float value) => Weight.AsSpan(token * K, K).Fill(Rounding.ToBf16(value));

    /// <summary>Tokens by way of stored logits: the kernels of products and sampling, which have tests of their own.</summary>
    public int[] DrawFromStoredLogits(DeviceFixture device)
    {
        int stride = Padding.Plain(Vocabulary);
        using CudaDeviceVariable<int> pass = device.Upload<int>(Pass());
        using CudaDeviceVariable<ushort> input = device.Upload<ushort>(Input);
        // Whatever lies beyond the vocabulary would win.
        using CudaDeviceVariable<ushort> weight = device.Upload<ushort>([.. Weight, .. Enumerable.Repeat(Rounding.ToBf16(100f), (stride - Vocabulary) * K)]);
        using CudaDeviceVariable<float> logits = device.Poisoned<float>((long)Rows * stride);
        using CudaDeviceVariable<int> tokens = device.Poisoned<int>(Draws.Length);
        new LinearKernel(device.Kernels).Launch(
            device.Stream, pass.Pointer, input.Pointer, weight.Pointer, default, logits.Pointer, rowSet: 1, Rows, stride, K, LinearOutput.Float32);
        new SampleKernel(device.Kernels).Launch(device.Stream, Draws.Length, pass.Pointer, logits.Pointer, Vocabulary, stride, tokens.Pointer, default);
        device.Stream.Synchronize();
        return device.Download(tokens);
    }

    /// <summary>Tokens from the epilogue, after a check that no other was written; and whether the workspace is as it was found.</summary>
    /// <param name="device">The device.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="tile">Tile shape; null for the one that suits the size.</param>
    /// <param name="passes">Launches one after the other in one workspace; the tokens are the last one's.</param>
    public (int[] Tokens, bool LeftClean) DrawInEpilogue(DeviceFixture device, LinearSampleKernel kernel, int? tile, int passes = 1)
    {
        int capacity = Rows + Spare;
        using CudaDeviceVariable<int> pass = device.Upload<int>(Pass());
        using CudaDeviceVariable<ushort> input = device.Upload<ushort>(Input);
        using CudaDeviceVariable<ushort> weight = device.Upload<ushort>(Weight);
        using CudaDeviceVariable<ulong> ranks = device.Upload<ulong>(new ulong[Draws.Length + Spare]);
        using CudaDeviceVariable<int> arrivals = device.Upload<int>(new int[capacity]);
        using CudaDeviceVariable<int> tokens = device.Poisoned<int>(Draws.Length + Spare);
        var workspace = new LinearSampleKernel.Workspace(ranks.Pointer, arrivals.Pointer);
        for (int i = 0; i < passes; i++)
        {
            tokens.Fill(0xFE, device.Stream);
            if (tile is int chosen)
                kernel.Launch(chosen, device.Stream, pass.Pointer, input.Pointer, weight.Pointer, workspace, tokens.Pointer, capacity, Vocabulary, K);
            else
                kernel.Launch(device.Stream, pass.Pointer, input.Pointer, weight.Pointer, workspace, tokens.Pointer, capacity, Vocabulary, K);
        }
        device.Stream.Synchronize();
        int[] drawn = device.Download(tokens);
        Assert.All(drawn[Draws.Length..], spare => Assert.Equal(unchecked((int)0xFEFEFEFE), spare));
        return (drawn[..Draws.Length], device.Download(ranks).All(rank => rank == 0) && device.Download(arrivals).All(count => count == 0));
    }

    private int[] Pass() => new RowPass
    {
        Rows = Rows + Spare, // must not be taken for the output rows
        OutputRows = [.. Enumerable.Range(0, Rows)],
        SampledOutputs = [.. Draws.Select(draw => draw.Row)],
        Sampling = [.. Draws.Select(draw => draw.How)],
    }.ToWords();
}
