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

    /// <summary>Bytes of the device that models and caches may still take. Weights that stay in the checkpoint's map do not count.</summary>
    long AvailableMemory { get; }

    /// <summary>The part of <see cref="AvailableMemory"/> to use when the user names none.</summary>
    double DefaultMemoryFraction { get; }

    /// <summary>Which spans it wants in a batch's attention plan.</summary>
    PlanLimits PlanLimits { get; }

    /// <summary>Bytes that one page of such a cache takes, all layers, keys and values.</summary>
    long PageBytes(KvShape shape);

    /// <summary>Makes a weight [rows, columns] usable, or a vector [columns] with <paramref name="rows"/> of length 1.</summary>
    DeviceWeight LoadWeight(TensorView tensor, Axis rows, Axis columns, WeightUse use = WeightUse.Product);

    /// <summary>Rotation angles of positions 0 up to, not including, <paramref name="positions"/>.</summary>
    /// <param name="inverseFrequencies">[headDim / 2]</param>
    /// <param name="positions">Positions that will be asked for.</param>
    DeviceRope LoadRope(double[] inverseFrequencies, int positions);

    /// <summary>Activations for at most <paramref name="rows"/> rows.</summary>
    DeviceTensor Allocate(int rows, Axis columns, ActivationType type);

    /// <summary>What attention needs for itself in passes of at most <paramref name="rows"/> rows; layers take turns with it.</summary>
    AttentionWorkspace AllocateWorkspace(AttentionShape shape, int rows);

    /// <summary>An empty paged cache.</summary>
    KvCache AllocateCache(KvShape shape);

    /// <summary>
    /// Runs one pass and returns when its results are in the batch. The operations below are called by <see cref="IPass.Issue"/> alone; a backend may
    /// record them once for batches of a size class and kind, and replay them later without asking again.
    /// </summary>
    void Run(IPass pass, StepBatch batch);

    /// <summary>Forgets what was recorded of a pass, before the memory it works on goes.</summary>
    void Forget(IPass pass);

    /// <summary>Copies the batch's pages in every layer, in order: the copy half of copy-on-write.</summary>
    void CopyPages(KvCache cache, StepBatch batch);

    /// <summary>output[row] = table[token id of the row]. [rows, hidden]</summary>
    void Embed(DeviceWeight table, StepBatch batch, DeviceTensor output);

    /// <summary>output = input / rms(input) * weight, row by row (Zhang and Sennrich 2019).</summary>
    void RmsNorm(DeviceTensor input, DeviceWeight weight, float epsilon, Rows rows, DeviceTensor output);

    /// <summary>As <see cref="RmsNorm"/>, for the batch's output rows only, gathered in their order.</summary>
    void RmsNormOutputRows(DeviceTensor input, DeviceWeight weight, float epsilon, StepBatch batch, DeviceTensor output);

    /// <summary>output (+)= input · weightᵀ (+ bias). input [rows, in], weight [out, in], output [rows, out].</summary>
    void Linear(DeviceTensor input, DeviceWeight weight, DeviceWeight? bias, Rows rows, DeviceTensor output, bool addToOutput = false);

    /// <summary>output = silu(input · gateᵀ) * (input · upᵀ). input [rows, hidden], gate and up [intermediate, hidden].</summary>
    void GatedLinear(DeviceTensor input, DeviceWeight gate, DeviceWeight up, Rows rows, DeviceTensor output);

    /// <summary>
    /// Rotates queries and keys by their positions (rotate-half RoPE) and writes keys and values into the rows' page slots.
    /// queries [rows, heads * headDim] in place; keys and values [rows, kvHeads * headDim].
    /// </summary>
    void RotateAndAppend(
        DeviceTensor queries, DeviceTensor keys, DeviceTensor values, DeviceRope rope, AttentionShape shape, StepBatch batch, KvCache cache, int layer);

    /// <summary>Causal attention of every row over its sequence's pages, as the batch's plan groups them. [rows, heads * headDim]</summary>
    void Attend(DeviceTensor queries, AttentionShape shape, StepBatch batch, KvCache cache, int layer, AttentionWorkspace workspace, DeviceTensor output);

    /// <summary>
    /// Draws one token for each sampled row from the logits outputs · headᵀ into <see cref="StepBatch.SampledTokens"/>, and where it is wanted computes its
    /// log-probability into <see cref="StepBatch.LogProbabilities"/>.
    /// </summary>
    /// <param name="outputs">[output rows, width]</param>
    /// <param name="head">[vocabulary, width]</param>
    /// <param name="batch">Says which rows draw, and how.</param>
    /// <param name="logits">[output rows, vocabulary]: holds the logits afterwards where <see cref="StepBatch.StoresLogits"/>; otherwise the backend
    /// may draw without storing them.</param>
    void SampleTokens(DeviceTensor outputs, DeviceWeight head, StepBatch batch, DeviceTensor logits);

    /// <summary>
    /// The reward of each rewarded row, read off two rows of <paramref name="head"/> or one, into <see cref="StepBatch.Rewards"/>. No other
    /// logit is made.
    /// </summary>
    /// <param name="hidden">[output rows, width]; rows may be left rectified where <see cref="RewardRows.Rectify"/> asks for that.</param>
    /// <param name="head">[classes or vocabulary, width]</param>
    /// <param name="rows">Which rows, and how.</param>
    /// <param name="batch">Says which rows are rewarded.</param>
    void Reward(DeviceTensor hidden, DeviceWeight head, RewardRows rows, StepBatch batch);

    /// <summary>Measures the device's ceilings, in some tenths of a second; null where there is nothing to measure them with.</summary>
    Ceilings? ProbeCeilings() => null;

    /// <summary>Copies one row of the last pass to the host.</summary>
    void ReadRow(DeviceTensor source, int row, Span<float> destination);
}
