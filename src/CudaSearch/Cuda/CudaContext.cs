using System.Runtime.InteropServices;

namespace CudaSearch.Cuda;

/// <summary>
/// A device's primary context. The driver keeps one current context per thread: a thread that touches the device calls
/// <see cref="SetCurrent"/> first (the constructor does it for its own thread), and whatever it then creates belongs to this context.
/// </summary>
internal sealed unsafe class CudaContext : IDisposable
{
    [ThreadStatic]
    private static CudaContext? s_current;

    private readonly int _device;

    // The handle itself stays open for as long as objects in the context do.
    private bool _disposed;

    /// <summary>Retains the primary context of a device and makes it current.</summary>
    /// <param name="device">Which device, counted from 0 as the driver does.</param>
    /// <exception cref="CudaSearchException"><see cref="Failure.DeviceUnavailable"/>: no driver, no such device, or other processes leave
    /// no room on it.</exception>
    public CudaContext(int device)
    {
        Driver = CudaDriver.Load();
        if (device < 0 || device >= Driver.DeviceCount)
        {
            throw new CudaSearchException(
                Failure.DeviceUnavailable,
                $"there is no CUDA device {device}: the driver sees {Driver.DeviceCount}, counted from 0");
        }
        CudaException.Check(DriverApi.cuDeviceGet(out _device, device));
        Name = ReadName(_device);
        ComputeCapability = new Version(
            Attribute(DeviceAttribute.ComputeCapabilityMajor), Attribute(DeviceAttribute.ComputeCapabilityMinor));
        MultiprocessorCount = Attribute(DeviceAttribute.MultiprocessorCount);
        L2CacheBytes = Attribute(DeviceAttribute.L2CacheSize);
        CudaException.Check(DriverApi.cuDeviceTotalMem(out nuint total, _device));
        TotalMemory = (long)total;
        int result = DriverApi.cuDevicePrimaryCtxRetain(out nint context, _device);
        if (result != CudaResult.Success) throw NotStarted(result);
        Handle = new ContextHandle(context, _device);
        SetCurrent();
    }

    /// <summary>The context that this thread made current.</summary>
    /// <exception cref="InvalidOperationException">There is none, or it has been disposed.</exception>
    public static CudaContext Current => s_current is { _disposed: false } context
        ? context
        : throw new InvalidOperationException("no CUDA context is current on this thread; call CudaContext.SetCurrent() first");

    /// <summary>The driver that runs the device.</summary>
    public CudaDriver Driver { get; }

    /// <summary>The device's name.</summary>
    public string Name { get; }

    /// <summary>Compute capability: 9.0 for Hopper.</summary>
    public Version ComputeCapability { get; }

    /// <summary>Bytes of device memory.</summary>
    public long TotalMemory { get; }

    /// <summary>Streaming multiprocessors.</summary>
    public int MultiprocessorCount { get; }

    /// <summary>Bytes of the second-level cache.</summary>
    public long L2CacheBytes { get; }

    /// <summary>Bytes of device memory that nobody uses at this moment, other processes included. Makes the context current.</summary>
    public long FreeMemory
    {
        get
        {
            SetCurrent();
            CudaException.Check(DriverApi.cuMemGetInfo(out nuint free, out _));
            return (long)free;
        }
    }

    /// <summary>The retained context, for the objects that live in it.</summary>
    internal ContextHandle Handle { get; }

    /// <summary>Makes this the context of the calling thread.</summary>
    public void SetCurrent()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        CudaException.Check(DriverApi.cuCtxSetCurrent(Handle.DangerousGetHandle()));
        s_current = this;
    }

    /// <summary>Waits for all work on the device; a fault of an earlier kernel shows here. Makes the context current.</summary>
    public void Synchronize()
    {
        SetCurrent();
        CudaException.Check(DriverApi.cuCtxSynchronize());
    }

    /// <summary>Gives the context back; it goes when the last object in it does.</summary>
    public void Dispose()
    {
        _disposed = true;
        if (s_current == this) s_current = null;
        Handle.Dispose();
    }

    private CudaSearchException NotStarted(int result) => new(
        Failure.DeviceUnavailable,
        $"{Name} cannot be used: {CudaException.NameOf(result)} ({result}) when a context was made; " +
        "nvidia-smi shows which processes hold it and its memory");

    private static string ReadName(int device)
    {
        const int Capacity = 256;
        byte* name = stackalloc byte[Capacity];
        CudaException.Check(DriverApi.cuDeviceGetName(name, Capacity, device));
        return Marshal.PtrToStringUTF8((nint)name) ?? "";
    }

    private int Attribute(DeviceAttribute attribute)
    {
        CudaException.Check(DriverApi.cuDeviceGetAttribute(out int value, attribute, _device));
        return value;
    }
}
