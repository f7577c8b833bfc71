using CudaSearch.Backends.Cpu.Native;

namespace CudaSearch.Backends.Cpu;

/// <summary>Threads that work on one operation together, and the operations with what they keep in between.</summary>
/// <param name="pool">The threads; disposed with this object.</param>
/// <param name="native">Native products and attention; null for managed ones. It stays the caller's.</param>
internal sealed class CpuTeam<T>(WorkerPool pool, NativePath? native) : IDisposable
    where T : struct, ILanes<T>
{
    private readonly NarrowedRows _input = new();

    public WorkerPool Pool => pool;

    public RmsNormOp<T> RmsNorm { get; } = new();

    public ILinearOp Linear => field ??= native is null ? new LinearOp<T>() : new NativeLinearOp(_input);

    public IGatedLinearOp GatedLinear => field ??= native is null ? new GatedLinearOp<T>() : new NativeGatedLinearOp(_input);

    public RotateAndAppendOp<T> RotateAndAppend { get; } = new();

    public IAttentionOp Attention => field ??= native is null ? new AttentionOp<T>() : new NativeAttentionOp(native, new AttentionOp<T>());

    public SampleOp<T> Sample { get; } = new();

    public void Dispose()
    {
        pool.Dispose();
        (Linear as IDisposable)?.Dispose();
        Attention.Dispose();
        _input.Dispose();
    }
}
