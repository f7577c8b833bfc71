using CudaSearch.Cache;
using CudaSearch.Checkpoints;

namespace CudaSearch.Backends;

/// <summary>
/// The fused operations a transformer pass is made of, at the granularity a GPU wants. Nothing in a pass depends on a value computed in it:
/// sizes, tables and sampling parameters all come from the <see cref="StepBatch"/>, so an implementation may record a whole pass and replay it.
/// Only the thread that owns the device calls it. A row's result depends on that row alone, never on what else is in the batch.
/// </summary>
public interface IBackend : IDisposable
{
    /// <summary>Short name that results carry, e.g. <c>cpu</c>.</summary>
    string Name { get; }

    /// <summary>The device in words, e.g. processor, threads and vector path.</summary>
    string Device { get; }

    /// <summary>Bytes that one page of such a cache takes, all layers, keys and values.</summary>
    long PageBytes(KvShape shape);

    /// <summary>Makes a weight usable; on the CPU it stays where the checkpoint maps it.</summary>
    DeviceWeight LoadWeight(TensorView tensor);

    /// <summary>Activations for at most <paramref name="rows"/> rows.</summary>
    DeviceTensor Allocate(int rows, int columns);

    /// <summary>An empty paged cache.</summary>
    KvCache AllocateCache(KvShape shape);

    /// <summary>Copies whole pages in every layer: the copy half of copy-on-write.</summary>
    void CopyPages(KvCache cache, ReadOnlySpan<PageCopy> copies);

    /// <summary>output[row] = table[token id of the row]. [rows, hidden]</summary>
    void Embed(DeviceWeight table, StepBatch batch, DeviceTensor output);

    /// <summary>output = input / rms(input) * weight over each of the first <paramref name="rows"/> rows (Zhang and Sennrich 2019).</summary>
    void RmsNorm(DeviceTensor input, DeviceWeight weight, float epsilon, int rows, DeviceTensor output);

    /// <summary>As <see cref="RmsNorm"/>, for the batch's output rows only, gathered in their order.</summary>
    void RmsNormOutputRows(DeviceTensor input, DeviceWeight weight, float epsilon, StepBatch batch, DeviceTensor output);

    /// <summary>output (+)= input · weightᵀ (+ bias). input [rows, in], weight [out, in], output [rows, out].</summary>
    void Linear(DeviceTensor input, DeviceWeight weight, DeviceWeight? bias, int rows, DeviceTensor output, bool addToOutput = false);

    /// <summary>output = silu(input · gateᵀ) * (input · upᵀ). input [rows, hidden], gate and up [intermediate, hidden].</summary>
    void GatedLinear(DeviceTensor input, DeviceWeight gate, DeviceWeight up, int rows, DeviceTensor output);

    /// <summary>
    /// Rotates queries and keys by their positions (rotate-half RoPE) and writes keys and values into the rows' page slots.
    /// queries [rows, heads * headDim] in place; keys and values [rows, kvHeads * headDim].
    /// </summary>
    void RotateAndAppend(
        DeviceTensor queries, DeviceTensor keys, DeviceTensor values, RopeTable rope, AttentionShape shape, StepBatch batch, KvCache cache, int layer);

    /// <summary>Causal attention of every row over its sequence's pages, as the batch's plan groups them. [rows, heads * headDim]</summary>
    void Attend(DeviceTensor queries, AttentionShape shape, StepBatch batch, KvCache cache, int layer, DeviceTensor output);

    /// <summary>Draws one token for each sampled row from logits [output rows, vocabulary] into <see cref="StepBatch.SampledTokens"/>.</summary>
    void Sample(DeviceTensor logits, StepBatch batch);

    /// <summary>
    /// Softmax over just two rows of the output matrix for each reward row: P(positive), into <see cref="StepBatch.Rewards"/>. hidden [output rows, hidden]
    /// </summary>
    void Reward(DeviceTensor hidden, DeviceWeight head, int positive, int negative, StepBatch batch);

    /// <summary>Copies one row to the host.</summary>
    void ReadRow(DeviceTensor source, int row, Span<float> destination);
}
