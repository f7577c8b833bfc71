using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>
/// The one upload and the one read-back of a pass, page-locked memory on the host and its twin on the device, and what sampling works in.
/// </summary>
internal sealed class PassBuffers : IDisposable
{
    /// <summary>Rows that may draw a token, and that may want a reward, in one pass.</summary>
    public const int MaxResults = 4096;

    private const int FirstCapacity = 1 << 18;

    // Tokens, rewards and log-probabilities, in this order: what is wanted most often is read back with least.
    private const int Kinds = 3;

    private readonly CudaPageLockedHostMemory<int> _hostResults = new(Kinds * MaxResults);
    private readonly CudaDeviceVariable<int> _results = new(Kinds * MaxResults);
    private readonly CudaDeviceVariable<ulong> _ranks = new(MaxResults);
    private readonly CudaDeviceVariable<int> _arrivals = new(MaxResults);
    private CudaPageLockedHostMemory<int> _hostBlock = new(FirstCapacity);
    private CudaDeviceVariable<int> _block = new(FirstCapacity);

    /// <summary>Allocates; what must be zero at first is zero for all work queued behind.</summary>
    public PassBuffers(CudaStream stream)
    {
        _ranks.Fill(0, stream);
        _arrivals.Fill(0, stream);
    }

    /// <summary>The pass block on the device.</summary>
    public DevicePointer Block => _block.Pointer;

    /// <summary>int32 [MaxResults]: tokens drawn.</summary>
    public DevicePointer Tokens => _results.Pointer;

    /// <summary>For <see cref="MaxResults"/> draws and as many tiles of rows.</summary>
    public LinearSampleKernel.Workspace Race => new(_ranks.Pointer, _arrivals.Pointer);

    /// <summary>float32 [MaxResults].</summary>
    public DevicePointer Rewards => _results.Pointer.Offset(MaxResults * sizeof(int));

    /// <summary>float32 [MaxResults]: log-probabilities of the tokens drawn.</summary>
    public DevicePointer LogProbabilities => _results.Pointer.Offset(2 * MaxResults * sizeof(int));

    /// <summary>Makes room for a batch's block.</summary>
    /// <returns>True when the block moved: what was recorded with its old address is void.</returns>
    public bool Reserve(StepBatch batch, AttentionShape shape)
    {
        int words = PassBlock.WordsFor(batch, shape);
        if (words <= _block.Length) return false;
        int capacity = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)words);
        var hostBlock = new CudaPageLockedHostMemory<int>(capacity);
        var block = new CudaDeviceVariable<int>(capacity);
        _block.Dispose();
        _hostBlock.Dispose();
        (_hostBlock, _block) = (hostBlock, block);
        return true;
    }

    /// <summary>Writes the block and queues its upload. The last pass must have ended.</summary>
    public void Upload(StepBatch batch, AttentionShape shape, CudaStream stream)
    {
        int words = PassBlock.Write(batch, shape, _hostBlock.Span);
        _block.CopyFromAsync(_hostBlock, 0, 0, words, stream);
    }

    /// <summary>Queues the read-back of what the batch asked for.</summary>
    public void QueueReadBack(StepBatch batch, CudaStream stream)
    {
        int words = batch.WantsLogProbabilities ? 2 * MaxResults + batch.Sampled.Length
            : batch.Rewarded.Length > 0 ? MaxResults + batch.Rewarded.Length : batch.Sampled.Length;
        if (words > 0) _results.CopyToAsync(_hostResults, 0, 0, words, stream);
    }

    /// <summary>Puts what was read back into the batch. The pass must have ended.</summary>
    public void Collect(StepBatch batch)
    {
        ReadOnlySpan<int> results = _hostResults.Span;
        results[..batch.Sampled.Length].CopyTo(batch.SampledTokens);
        MemoryMarshal.Cast<int, float>(results.Slice(MaxResults, batch.Rewarded.Length)).CopyTo(batch.Rewards);
        if (batch.WantsLogProbabilities)
            MemoryMarshal.Cast<int, float>(results.Slice(2 * MaxResults, batch.Sampled.Length)).CopyTo(batch.LogProbabilities);
    }

    public void Dispose()
    {
        _block.Dispose();
        _hostBlock.Dispose();
        _results.Dispose();
        _hostResults.Dispose();
        _ranks.Dispose();
        _arrivals.Dispose();
    }
}
