using System.Runtime.InteropServices;

namespace CudaSearch.Cuda;

/// <summary>
/// A driver object that lives in a context. It keeps the context alive, so objects may be disposed in any order and from any thread,
/// the finalizer's included. What the driver answers to the release is ignored on purpose: after a fault on the device every call
/// fails with that fault's code, it has already been reported where it was first seen, and the driver frees everything with the context.
/// </summary>
internal abstract class CudaHandle : SafeHandle
{
    private readonly ContextHandle _context;

    /// <summary>Takes over an object that was made in the thread's current context.</summary>
    protected CudaHandle(CudaContext context, nint value)
        : base(0, ownsHandle: true)
    {
        _context = context.Handle;
        bool added = false;
        _context.DangerousAddRef(ref added);
        SetHandle(value);
    }

    /// <inheritdoc/>
    public sealed override bool IsInvalid => handle == 0;

    /// <summary>Gives the object back to the driver; its context is current.</summary>
    protected abstract void Destroy();

    /// <inheritdoc/>
    protected sealed override bool ReleaseHandle()
    {
        nint own = _context.DangerousGetHandle();
        _ = DriverApi.cuCtxGetCurrent(out nint current);
        if (current != own) _ = DriverApi.cuCtxSetCurrent(own);
        Destroy();
        if (current != own) _ = DriverApi.cuCtxSetCurrent(current);
        _context.DangerousRelease();
        return true;
    }
}

/// <summary>A device's primary context, retained; released when the last object inside it is gone.</summary>
internal sealed class ContextHandle : SafeHandle
{
    private readonly int _device;

    public ContextHandle(nint context, int device)
        : base(0, ownsHandle: true)
    {
        _device = device;
        SetHandle(context);
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        _ = DriverApi.cuDevicePrimaryCtxRelease(_device);
        return true;
    }
}

/// <summary>A loaded module.</summary>
internal sealed class ModuleHandle(CudaContext context, nint value) : CudaHandle(context, value)
{
    /// <inheritdoc/>
    protected override void Destroy() => _ = DriverApi.cuModuleUnload(handle);
}

/// <summary>A stream.</summary>
internal sealed class StreamHandle(CudaContext context, nint value) : CudaHandle(context, value)
{
    /// <inheritdoc/>
    protected override void Destroy() => _ = DriverApi.cuStreamDestroy(handle);
}

/// <summary>An event.</summary>
internal sealed class EventHandle(CudaContext context, nint value) : CudaHandle(context, value)
{
    /// <inheritdoc/>
    protected override void Destroy() => _ = DriverApi.cuEventDestroy(handle);
}

/// <summary>A captured graph.</summary>
internal sealed class GraphHandle(CudaContext context, nint value) : CudaHandle(context, value)
{
    /// <inheritdoc/>
    protected override void Destroy() => _ = DriverApi.cuGraphDestroy(handle);
}

/// <summary>A graph that is ready to run.</summary>
internal sealed class GraphExecHandle(CudaContext context, nint value) : CudaHandle(context, value)
{
    /// <inheritdoc/>
    protected override void Destroy() => _ = DriverApi.cuGraphExecDestroy(handle);
}

/// <summary>A block of device memory.</summary>
internal sealed class DeviceMemoryHandle(CudaContext context, nint value) : CudaHandle(context, value)
{
    /// <inheritdoc/>
    protected override void Destroy() => _ = DriverApi.cuMemFree(handle);
}

/// <summary>A block of page-locked host memory.</summary>
internal sealed class PinnedMemoryHandle(CudaContext context, nint value) : CudaHandle(context, value)
{
    /// <inheritdoc/>
    protected override void Destroy() => _ = DriverApi.cuMemFreeHost(handle);
}
