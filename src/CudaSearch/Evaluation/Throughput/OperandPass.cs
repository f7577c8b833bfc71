using CudaSearch.Backends;
using CudaSearch.Checkpoints;

namespace CudaSearch.Evaluation.Throughput;

/// <summary>Fills rows of operands as a layer does: the gated product of embeddings, few and narrow ones.</summary>
internal sealed class OperandPass : IPass
{
    /// <summary>Tokens, and columns of their embeddings; the random weights must hold as many rows of the operands' width.</summary>
    public const int Few = 64;

    private readonly IBackend _backend;
    private readonly DeviceWeight _embedding, _gate, _up;
    private readonly RmsNorm _norm;
    private readonly ResidualStream _residual;
    private readonly DeviceTensor _output;

    private OperandPass(
        IBackend backend, DeviceWeight embedding, RmsNorm norm, ResidualStream residual, DeviceWeight gate, DeviceWeight up, DeviceTensor output) =>
        (_backend, _embedding, _norm, _residual, _gate, _up, _output) = (backend, embedding, norm, residual, gate, up, output);

    /// <summary>Of a pass that attends to nothing.</summary>
    public static AttentionShape NoAttention => new(Heads: 1, KvHeads: 1, HeadDim: 64);

    /// <inheritdoc/>
    public AttentionShape Attention => NoAttention;

    /// <inheritdoc/>
    public long WeightBytes => 2L * _gate.Rows * _gate.Columns * sizeof(ushort);

    /// <summary>Fills a tensor.</summary>
    /// <param name="output">[rows, width] operands.</param>
    /// <param name="backend">Whose tensor it is.</param>
    /// <param name="random">Weights.</param>
    /// <param name="rows">As many rows as the tensor has, of tokens below <see cref="Few"/>; completed here.</param>
    public static void Fill(DeviceTensor output, IBackend backend, RandomWeights random, StepBatch rows)
    {
        using DeviceWeight embedding = Load("operands' embedding", Few), norm = Load("operands' norm", 1);
        using DeviceWeight gate = Load("operands' gate", output.Columns), up = Load("operands' up", output.Columns);
        using ResidualStream residual = backend.AllocateResidual(rows.RowCount, Axis.Plain(Few));
        var pass = new OperandPass(backend, embedding, new RmsNorm(norm, Epsilon: 1e-5f), residual, gate, up, output);
        rows.Complete(backend.PlanLimits, share: true);
        backend.Run(pass, rows);
        backend.Forget(pass);

        DeviceWeight Load(string name, int count) =>
            backend.LoadWeight(count == 1 ? random.Tensor(name, Few) : random.Tensor(name, count, Few), Axis.Plain(count), Axis.Plain(Few));
    }

    /// <inheritdoc/>
    public void Issue(StepBatch batch)
    {
        _backend.Embed(_embedding, batch, _residual, _norm);
        _backend.GatedLinear(_residual, _gate, _up, batch, _output);
    }
}
