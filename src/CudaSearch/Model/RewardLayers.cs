using CudaSearch.Backends;
using CudaSearch.Checkpoints;

namespace CudaSearch.Model;

/// <summary>The weights of a <see cref="RewardHead"/> on the device, and their operations at the end of a pass.</summary>
internal sealed class RewardLayers
{
    private readonly DeviceWeight _matrix;
    private readonly DeviceWeight? _hidden;
    private readonly DeviceWeight? _hiddenBias;
    private readonly DeviceTensor? _activated; // [output rows, width] of the hidden module, not yet rectified
    private readonly RewardRows _rows;

    /// <summary>Loads the head.</summary>
    /// <param name="head">What it is made of.</param>
    /// <param name="outputMatrix">The model's output matrix, for heads without a matrix of their own.</param>
    /// <param name="checkpoint">Holds its tensors.</param>
    /// <param name="load">Puts a tensor [rows, columns] on the device; it stays the caller's.</param>
    /// <param name="allocate">Makes room for operands of so many columns; it stays the caller's.</param>
    /// <exception cref="CudaSearchException">A tensor is missing or has another shape.</exception>
    public RewardLayers(
        RewardHead head, DeviceWeight? outputMatrix, Checkpoint checkpoint, Func<TensorView, Axis, Axis, DeviceWeight> load,
        Func<Axis, DeviceTensor> allocate)
    {
        int width = checkpoint.Config.HiddenSize;
        if (head.HiddenModule is { } hidden)
        {
            TensorView weight = checkpoint.Get(hidden + ".weight");
            (Axis to, Axis from) = (Axis.Plain(checked((int)weight.Shape[0])), Axis.Plain(width));
            _hidden = load(checkpoint.Get(hidden + ".weight", to.Length, width), to, from);
            if (checkpoint.Contains(hidden + ".bias")) _hiddenBias = load(checkpoint.Get(hidden + ".bias", to.Length), Axis.Plain(1), to);
            _activated = allocate(to);
            width = to.Length;
        }
        float bias = 0f, negativeBias = 0f;
        if (head.Module is { } module)
        {
            int classes = Math.Max(head.Positive, head.Negative ?? 0) + 1;
            _matrix = load(checkpoint.Get(module + ".weight", classes, width), Axis.Plain(classes), Axis.Plain(width));
            if (checkpoint.Contains(module + ".bias"))
            {
                float[] biases = checkpoint.Get(module + ".bias", classes).ToFloat32();
                bias = biases[head.Positive];
                if (head.Negative is { } negative) negativeBias = biases[negative];
            }
        }
        else
        {
            _matrix = outputMatrix
                ?? throw new ArgumentNullException(nameof(outputMatrix), "a head without a matrix of its own reads the output matrix");
        }
        _rows = new RewardRows(head.Positive, head.Negative, bias, Rectify: _hidden is not null, negativeBias, head.Rounding);
    }

    /// <summary>Computes the rewards of a batch from its final hidden states. [output rows, hidden]</summary>
    public void Issue(IBackend backend, DeviceTensor outputs, StepBatch batch)
    {
        if (_hidden is not null) backend.Linear(outputs, _hidden, _hiddenBias, batch.GatheredRows, _activated!);
        backend.Reward(_activated ?? outputs, _matrix, _rows, batch);
    }
}
