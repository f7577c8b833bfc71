using CudaSearch.Checkpoints;

namespace CudaSearch.Backends;

/// <summary>
/// The fused operations a transformer pass is made of, at the granularity a GPU wants. Nothing in a pass depends on a value computed in it:
/// sizes, tables and sampling parameters all come from the <see cref="StepBatch"/>, so an implementation may record a whole pass and replay it.
/// Only the thread that owns the device calls it; it may have a pass of each of several models under way. A row's result depends on that row alone, never on what else is in the batch.
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
    /// <exception cref="CudaSearchException">The backend cannot keep matrices in this precision.</exception>
    DeviceWeight LoadWeight(
        TensorView tensor, Axis rows, Axis columns, WeightUse use = WeightUse.Product, WeightPrecision precision = WeightPrecision.Stored);

    /// <summary>Makes a layer's query, key and value projections usable.</summary>
    /// <param name="weights">[heads * headDim, hidden] and twice [kvHeads * headDim, hidden]</param>
    /// <param name="biases">[heads * headDim] and twice [kvHeads * headDim]; null where the model has none.</param>
    /// <param name="shape">Heads.</param>
    /// <param name="hidden">The features of a normed row.</param>
    /// <param name="precision">What the matrices are kept in.</param>
    /// <exception cref="CudaSearchException">The backend cannot keep matrices in this precision.</exception>
    AttentionProjection LoadProjection(
        QueryKeyValue<TensorView> weights, QueryKeyValue<TensorView>? biases, AttentionShape shape, Axis hidden,
        WeightPrecision precision = WeightPrecision.Stored);

    /// <summary>Rotation angles of positions 0 up to, not including, <paramref name="positions"/>.</summary>
    /// <param name="inverseFrequencies">[headDim / 2]</param>
    /// <param name="positions">Positions that will be asked for.</param>
    DeviceRope LoadRope(double[] inverseFrequencies, int positions);

    /// <summary>Activations for at most <paramref name="rows"/> rows.</summary>
    DeviceTensor Allocate(int rows, Axis columns, ActivationType type);

    /// <summary>A residual stream of at most <paramref name="rows"/> rows.</summary>
    ResidualStream AllocateResidual(int rows, Axis columns);

    /// <summary>What attention over a cache of this precision needs for itself in passes of at most <paramref name="rows"/> rows; layers take turns with it.</summary>
    AttentionWorkspace AllocateWorkspace(AttentionShape shape, int rows, KvPrecision precision = KvPrecision.Native);

    /// <summary>An empty paged cache.</summary>
    KvCache AllocateCache(KvShape shape);

    /// <summary>
    /// Runs one pass and returns when its results are in the batch. The operations below are called by <see cref="IPass.Issue"/> alone; a backend may
    /// record them once for batches of a size class and kind, and replay them later without asking again.
    /// </summary>
    void Run(IPass pass, StepBatch batch);

    /// <summary>
    /// Begins a pass: as <see cref="Run"/>, but a device with queues returns once it is queued. A model has one pass under way at most; those of several
    /// models overlap. Until <see cref="Finish"/> the batch stays as it is, and the pages that it names are the device's.
    /// </summary>
    void Launch(IPass pass, StepBatch batch) => Run(pass, batch);

    /// <summary>Whether <see cref="Finish"/> would not wait, because the pass has ended or failed.</summary>
    bool IsDone(IPass pass) => true;

    /// <summary>Waits for the pass that was launched and puts its results into its batch; what went wrong on the device shows here.</summary>
    void Finish(IPass pass, StepBatch batch)
    {
    }

    /// <summary>Forgets what was recorded of a pass, before the memory it works on goes.</summary>
    void Forget(IPass pass);

    /// <summary>Copies the batch's pages in every layer, in order: the copy half of copy-on-write.</summary>
    void CopyPages(KvCache cache, StepBatch batch);

    /// <summary>residual[row] = table[token id of the row], to be normed by <paramref name="next"/>.</summary>
    /// <param name="table">[vocabulary, hidden]</param>
    /// <param name="batch">The tokens.</param>
    /// <param name="residual">[rows, hidden]</param>
    /// <param name="next">The norm that follows.</param>
    void Embed(DeviceWeight table, StepBatch batch, ResidualStream residual, RmsNorm next);

    /// <summary>
    /// Queries, keys and values of every row's normed residual, queries and keys rotated by the row's position (rotate-half RoPE; Su et al. 2021); keys and
    /// values go into the rows' page slots. The order of elements inside a head of queries and keys is the backend's.
    /// </summary>
    /// <param name="residual">[rows, hidden]; whoever wrote it named the norm.</param>
    /// <param name="projection">Weights and biases.</param>
    /// <param name="rope">Angles.</param>
    /// <param name="shape">Heads.</param>
    /// <param name="batch">Positions and slots.</param>
    /// <param name="cache">The pages.</param>
    /// <param name="layer">Which layer of the cache.</param>
    /// <param name="workspace">For the backend's own use.</param>
    /// <param name="queries">[rows, heads * headDim]</param>
    void ProjectAndAppend(
        ResidualStream residual, AttentionProjection projection, DeviceRope rope, AttentionShape shape, StepBatch batch, KvCache cache, int layer,
        AttentionWorkspace workspace, DeviceTensor queries);

    /// <summary>Causal attention of every row over its sequence's pages, as the batch's plan groups them. [rows, heads * headDim]</summary>
    void Attend(DeviceTensor queries, AttentionShape shape, StepBatch batch, KvCache cache, int layer, AttentionWorkspace workspace, DeviceTensor output);

    /// <summary>residual += input · weightᵀ for every row, to be normed by <paramref name="next"/>.</summary>
    /// <param name="input">[rows, in]</param>
    /// <param name="weight">[hidden, in]</param>
    /// <param name="batch">The rows.</param>
    /// <param name="residual">[rows, hidden]</param>
    /// <param name="next">The norm that follows; null before <see cref="RmsNormOutputRows"/>, which norms by itself.</param>
    void LinearAdd(DeviceTensor input, DeviceWeight weight, StepBatch batch, ResidualStream residual, RmsNorm? next);

    /// <summary>output = silu(x · gateᵀ) * (x · upᵀ) for every row's normed residual x.</summary>
    /// <param name="residual">[rows, hidden]; whoever wrote it named the norm.</param>
    /// <param name="gate">[intermediate, hidden]</param>
    /// <param name="up">[intermediate, hidden]</param>
    /// <param name="batch">The rows.</param>
    /// <param name="output">[rows, intermediate]</param>
    void GatedLinear(ResidualStream residual, DeviceWeight gate, DeviceWeight up, StepBatch batch, DeviceTensor output);

    /// <summary>The norm of the batch's output rows, gathered in their order. output [output rows, hidden]</summary>
    void RmsNormOutputRows(ResidualStream residual, RmsNorm norm, StepBatch batch, DeviceTensor output);

    /// <summary>output = input · weightᵀ (+ bias). input [rows, in], weight [out, in], output [rows, out].</summary>
    void Linear(DeviceTensor input, DeviceWeight weight, DeviceWeight? bias, Rows rows, DeviceTensor output);

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

    /// <summary>
    /// Measures the device's ceilings, in some tenths of a second: of the arithmetic that matrices of this precision are multiplied in. Null where there is
    /// nothing to measure them with.
    /// </summary>
    Ceilings? ProbeCeilings(WeightPrecision precision) => null;

    /// <summary>Copies one row of the last pass to the host.</summary>
    void ReadRow(DeviceTensor source, int row, Span<float> destination);
}
