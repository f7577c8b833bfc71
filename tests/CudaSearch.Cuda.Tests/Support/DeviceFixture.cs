[assembly: AssemblyFixture(typeof(CudaSearch.Cuda.Tests.Support.DeviceFixture))]

// One device, one schedule and one set of kernels a process: tests run one after another.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace CudaSearch.Cuda.Tests.Support;

/// <summary>
/// The device all tests share. A test class takes it in its constructor. Everything is made on first use, and made anew after a test has
/// lost the context to a fault, so one faulty kernel fails one test.
/// </summary>
public sealed class DeviceFixture : IDisposable
{
    private CudaContext? _context;
    private CudaStream? _stream;
    private CudaStream? _plainStream;
    private KernelLibrary? _kernels;

    /// <summary>The device, current on the calling thread.</summary>
    internal CudaContext Context
    {
        get
        {
            if (_context is not null && IsLost(_context)) Reset();
            if (_context is null)
            {
                TestDevice.Select();
                _context = new CudaContext(0);
            }
            _context.SetCurrent();
            return _context;
        }
    }

    /// <summary>
    /// A stream for tests that need no more than one. Kernels may start there before the kernel before them has ended, as in a pass; the host device reports
    /// one that does not wait for it.
    /// </summary>
    internal CudaStream Stream
    {
        get
        {
            _ = Context;
            return _stream ??= new CudaStream(dependentLaunch: true);
        }
    }

    /// <summary>A stream for kernels that wait for nobody: not the project's.</summary>
    internal CudaStream PlainStream
    {
        get
        {
            _ = Context;
            return _plainStream ??= new CudaStream();
        }
    }

    /// <summary>The project's kernels; on the host device those that check bounds and races.</summary>
    internal KernelLibrary Kernels
    {
        get
        {
            CudaContext context = Context;
            return _kernels ??= new KernelLibrary(context, TestDevice.CheckedKernels);
        }
    }

    /// <summary>Loads a kernel file with a bug planted on purpose; skips the test on a GPU.</summary>
    internal CudaModule LoadPlanted(string name) => LoadBroken("planted", name);

    /// <summary>
    /// Loads a deliberately broken variant of one of the project's kernels, named <c>operation_what</c>; skips the test on a GPU.
    /// </summary>
    internal CudaModule LoadMutation(string name) => LoadBroken("mutations", name);

    /// <summary>Device memory with these elements.</summary>
    internal CudaDeviceVariable<T> Upload<T>(params ReadOnlySpan<T> elements)
        where T : unmanaged
    {
        _ = Context;
        var variable = new CudaDeviceVariable<T>(elements.Length);
        variable.CopyFrom(elements);
        return variable;
    }

    /// <summary>Device memory for a kernel's output, filled with 0xFF (NaN, −1) so that an element left out shows.</summary>
    internal CudaDeviceVariable<T> Poisoned<T>(long length)
        where T : unmanaged
    {
        CudaStream stream = Stream;
        var variable = new CudaDeviceVariable<T>(length);
        variable.Fill(0xFF, stream);
        stream.Synchronize();
        return variable;
    }

    /// <summary>Everything in a device array, after all queued work.</summary>
    internal T[] Download<T>(CudaDeviceVariable<T> variable)
        where T : unmanaged
    {
        _ = Context;
        var elements = new T[variable.Length];
        variable.CopyTo(elements);
        return elements;
    }

    /// <summary>Runs something that must lose the context to a fault in a kernel; the device is as new afterwards.</summary>
    internal CudaException Fault(Action action)
    {
        CudaException fault = Assert.Throws<CudaException>(action);
        Reset();
        Assert.True(fault.IsSticky, $"expected a fault of the device, not: {fault.Message}");
        return fault;
    }

    /// <summary>Throws the context away with everything in it.</summary>
    internal void Reset()
    {
        Dispose();
        Assert.Equal(0, DriverApi.cuDevicePrimaryCtxReset(0));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _kernels?.Dispose();
        _stream?.Dispose();
        _plainStream?.Dispose();
        _context?.Dispose();
        (_kernels, _stream, _plainStream, _context) = (null, null, null, null);
    }

    private CudaModule LoadBroken(string set, string name)
    {
        string file = TestDevice.BrokenKernel(set, name);
        _ = Context;
        return CudaModule.Load(File.ReadAllBytes(file), name);
    }

    private static bool IsLost(CudaContext context)
    {
        try
        {
            return context.FreeMemory < 0;
        }
        catch (CudaException e)
        {
            return e.IsSticky;
        }
    }
}
