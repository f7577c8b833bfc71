using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>Every kernel of a pass, loaded and checked before the first pass, so that none is loaded while a graph is recorded.</summary>
/// <param name="library">The kernels of the device.</param>
/// <param name="products">Which of them compute the products of a layer.</param>
/// <param name="splits">Where products meet that are split.</param>
internal sealed class PassKernels(KernelLibrary library, ProductTable products, SplitWorkspace splits)
{
    private readonly AttentionKernels _attention64 = new(library, 64);
    private readonly AttentionKernels _attention128 = new(library, 128);

    public CopyPagesKernel CopyPages { get; } = new(library);

    public EmbedKernel Embed { get; } = new(library);

    public ProjectAppendKernel ProjectAppend { get; } = new(library, products, splits);

    public LinearAddKernel LinearAdd { get; } = new(library, products, splits);

    public RmsNormKernel RmsNorm { get; } = new(library);

    public LinearKernel Linear { get; } = new(library);

    public GatedLinearKernel GatedLinear { get; } = new(library, products, splits);

    public SampleKernel Sample { get; } = new(library);

    public LinearSampleKernel LinearSample { get; } = new(library);

    public RewardKernel Reward { get; } = new(library);

    /// <summary>Attention for heads of this (padded) size.</summary>
    public AttentionKernels Attention(int headSize) => headSize == 64 ? _attention64 : _attention128;
}

/// <summary>The attention kernels for one head size.</summary>
internal sealed class AttentionKernels(KernelLibrary library, int headSize)
{
    public AttendRangesKernel Ranges { get; } = new(library, headSize);

    public AttendPrefillKernel Prefill { get; } = new(library, headSize);
}
