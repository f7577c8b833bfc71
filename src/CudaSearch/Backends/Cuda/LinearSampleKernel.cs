using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>
/// Launches linear_sample.cu: the product with the output matrix and, in its epilogue, the draws that need one look at each logit
/// (<see cref="SamplingParameters.NeedsOneLook"/>). Tokens are those of <see cref="LinearKernel"/> and <see cref="SampleKernel"/>; logits are not stored.
/// </summary>
internal sealed class LinearSampleKernel
{
    private readonly CudaKernel<Arguments>[] _kernels;

    /// <summary>Takes the kernels from the library.</summary>
    public LinearSampleKernel(KernelLibrary library)
        : this(name => library.Get<Arguments>("linear_sample", name))
    {
    }

    /// <summary>Takes the kernels from anywhere, by name.</summary>
    internal LinearSampleKernel(Func<string, CudaKernel<Arguments>> get)
    {
        _kernels = new CudaKernel<Arguments>[Tiles.Length];
        for (int i = 0; i < _kernels.Length; i++) _kernels[i] = get($"linear_sample_bf16_{Tiles[i].Suffix}");
    }

    /// <summary>The tile shapes, from small to large. All give the same tokens.</summary>
    public static ReadOnlySpan<GemmTile> Tiles => LinearKernel.Tiles;

    /// <summary>Queues the product and the draws with the tile shape that suits their size.</summary>
    /// <param name="stream">Where to launch.</param>
    /// <param name="pass">The pass block: outputs and their draws, all of which need one look at each logit.</param>
    /// <param name="input">[outputs, k] bf16.</param>
    /// <param name="weight">[vocabulary, k] bf16.</param>
    /// <param name="workspace">What the blocks meet in.</param>
    /// <param name="tokens">[draws] int32: the tokens drawn, or <see cref="SampleKernel.NotANumber"/>.</param>
    /// <param name="rowCapacity">Most outputs that a pass of this launch has.</param>
    /// <param name="vocabulary">Tokens to choose from.</param>
    /// <param name="k">Input columns, a multiple of 64.</param>
    /// <exception cref="ArgumentException">A size the kernels are not made for.</exception>
    public void Launch(
        CudaStream stream, DevicePointer pass, DevicePointer input, DevicePointer weight, Workspace workspace, DevicePointer tokens, int rowCapacity,
        int vocabulary, int k) =>
        Launch(GemmTile.Choose(Tiles, rowCapacity, vocabulary), stream, pass, input, weight, workspace, tokens, rowCapacity, vocabulary, k);

    /// <summary>Queues the product and the draws with one of <see cref="Tiles"/>.</summary>
    internal void Launch(
        int tile, CudaStream stream, DevicePointer pass, DevicePointer input, DevicePointer weight, Workspace workspace, DevicePointer tokens,
        int rowCapacity, int vocabulary, int k)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabulary);
        GemmTile.RequireInput(rowCapacity, k);
        var arguments = new Arguments
        {
            Pass = pass,
            Input = input,
            Weight = weight,
            Ranks = workspace.Ranks,
            Arrivals = workspace.Arrivals,
            Tokens = tokens,
            Vocabulary = vocabulary,
            K = k,
        };
        GemmTile shape = Tiles[tile];
        _kernels[tile].Launch(stream, shape.Grid(rowCapacity, vocabulary), new Dim3(shape.Threads), arguments, GemmTile.SharedBytes);
    }

    /// <summary>Device memory in which blocks meet: zero before the first launch; every launch leaves it zero.</summary>
    /// <param name="Ranks">[draws] uint64: the best candidate of each draw.</param>
    /// <param name="Arrivals">[tiles of rows] int32.</param>
    internal readonly record struct Workspace(DevicePointer Ranks, DevicePointer Arrivals);

    /// <summary>What the operation cannot do without: input and weight once, a token written for each output; no logit.</summary>
    internal static OperationCost Cost(int outputs, int vocabulary, int k) =>
        OperationCost.OfProduct(outputs, vocabulary, k, sizeof(ushort), sizeof(ushort), outputs * sizeof(int));

    /// <summary>The kernels' parameters.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Arguments
    {
        public DevicePointer Pass, Input, Weight, Ranks, Arrivals, Tokens;
        public int Vocabulary, K;
    }
}
