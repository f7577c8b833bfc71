using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>Every kernel of a pass, loaded and checked before the first pass, so that none is loaded while a graph is recorded.</summary>
/// <param name="library">The kernels of the device.</param>
/// <param name="products">Which of them compute the products of a layer, and its attention.</param>
/// <param name="splits">Where products meet that are split.</param>
internal sealed class PassKernels(KernelLibrary library, ProductTable products, SplitWorkspace splits)
{
    private readonly AttentionKernels[] _attention =
    [
        new(library, 64, KvPrecision.Native, products), new(library, 128, KvPrecision.Native, products),
        new(library, 64, KvPrecision.Fp8, products), new(library, 128, KvPrecision.Fp8, products),
    ];

    private readonly LayerKernels _stored = new(library, WeightPrecision.Stored, products, splits), _fp8 = new(library, WeightPrecision.Fp8, products, splits);

    public CopyPagesKernel CopyPages { get; } = new(library);

    public EmbedKernel Embed { get; } = new(library);

    public RmsNormKernel RmsNorm { get; } = new(library);

    public LinearKernel Linear { get; } = new(library);

    public SampleKernel Sample { get; } = new(library);

    public LinearSampleKernel LinearSample { get; } = new(library);

    public RewardKernel Reward { get; } = new(library);

    /// <summary>Attention for heads of this (padded) size over pages of this precision.</summary>
    public AttentionKernels Attention(int headSize, KvPrecision precision) => _attention[(precision == KvPrecision.Fp8 ? 2 : 0) + (headSize == 64 ? 0 : 1)];

    /// <summary>Products of the layers with weights like this one.</summary>
    public LayerKernels Layer(CudaWeight weight) => weight.Precision == WeightPrecision.Fp8 ? _fp8 : _stored;
}

/// <summary>The products of a layer for one kind of weights.</summary>
internal sealed class LayerKernels(KernelLibrary library, WeightPrecision weights, ProductTable products, SplitWorkspace splits)
{
    public ProjectAppendKernel ProjectAppend { get; } = new(library, weights, products, splits);

    public LinearAddKernel LinearAdd { get; } = new(library, weights, products, splits);

    public GatedLinearKernel GatedLinear { get; } = new(library, weights, products, splits);
}

/// <summary>The attention kernels for one head size and one kind of pages.</summary>
internal sealed class AttentionKernels(KernelLibrary library, int headSize, KvPrecision precision, ProductTable products)
{
    public AttendRangesKernel Ranges { get; } = new(library, headSize, precision);

    public AttendPrefillKernel Prefill { get; } = new(library, headSize, precision, products);

    /// <summary>Brings keys and values into the pages; null where the projection does.</summary>
    public AppendE4M3Kernel? Append { get; } = precision == KvPrecision.Fp8 ? new(library, headSize) : null;
}
