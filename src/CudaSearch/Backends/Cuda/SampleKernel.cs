using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>
/// Launches sample.cu: draws one token from each sampled row of logits, by the rules of <see cref="SamplingParameters"/> and with
/// <see cref="SamplingParameters.Key"/> for the noise; and says how probable the model held it, where that is wanted.
/// </summary>
/// <param name="kernel">The kernel <c>sample_f32</c>.</param>
internal sealed class SampleKernel(CudaKernel<SampleKernel.Arguments> kernel)
{
    /// <summary>What is drawn from a row in which some logit is NaN: no token, so that the fault is seen where it happens.</summary>
    public const int NotANumber = -1;

    private const int MaxThreads = 1024;

    /// <summary>Takes the kernel from the library.</summary>
    public SampleKernel(KernelLibrary library)
        : this(library.Get<Arguments>("sample", "sample_f32"))
    {
    }

    /// <param name="stream">Where to launch.</param>
    /// <param name="capacity">Most rows that a pass of this launch samples.</param>
    /// <param name="pass">The pass block.</param>
    /// <param name="logits">[outputs, stride] float32; nothing beyond <paramref name="vocabulary"/> in a row matters.</param>
    /// <param name="vocabulary">Tokens to choose from.</param>
    /// <param name="stride">From row to row, in elements; a multiple of 4, at least <paramref name="vocabulary"/>.</param>
    /// <param name="tokens">[capacity] int32; one token is written for each sampled row, or <see cref="NotANumber"/>.</param>
    /// <param name="logProbabilities">[capacity] float32; one is written for each sampled row that wants it.</param>
    /// <exception cref="ArgumentException">The stride does not fit.</exception>
    public void Launch(
        CudaStream stream, int capacity, DevicePointer pass, DevicePointer logits, int vocabulary, int stride, DevicePointer tokens,
        DevicePointer logProbabilities)
    {
        if (vocabulary <= 0 || stride < vocabulary || stride % 4 != 0)
            throw new ArgumentException($"{vocabulary} logits in rows of {stride}: pad rows to a multiple of 4", nameof(stride));
        var arguments = new Arguments
        {
            Pass = pass, Logits = logits, Vocabulary = vocabulary, Stride = stride, Tokens = tokens, LogProbabilities = logProbabilities,
        };
        int threads = Math.Min((vocabulary + 127) / 128 * 32, MaxThreads);
        kernel.Launch(stream, new Dim3(capacity), new Dim3(threads), arguments);
    }

    /// <summary>What so many draws cannot do without: each row of logits once, and a token written for each.</summary>
    internal static OperationCost Cost(int draws, int vocabulary) => new(draws * ((double)vocabulary * sizeof(float) + sizeof(int)), Flops: 0);

    /// <summary>The kernel's parameters.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Arguments
    {
        public DevicePointer Pass, Logits;
        public int Vocabulary, Stride;
        public DevicePointer Tokens, LogProbabilities;
    }
}
