using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace CudaSearch.Cuda;

/// <summary>A loaded set of kernels.</summary>
internal sealed unsafe class CudaModule : IDisposable
{
    private const int LogBytes = 16 * 1024;

    private readonly ModuleHandle _handle;

    private CudaModule(ModuleHandle handle, string name, string log)
    {
        _handle = handle;
        Name = name;
        Log = log;
    }

    /// <summary>What the caller called it, for messages.</summary>
    public string Name { get; }

    /// <summary>What the driver's compiler remarked while it translated PTX; empty for images that need no translation.</summary>
    public string Log { get; }

    /// <summary>Loads an image into the current context.</summary>
    /// <param name="image">A fat binary, a cubin, PTX text, or a module of the host device.</param>
    /// <param name="name">A name for messages.</param>
    /// <exception cref="CudaException">The driver refused the image; the message has the log of its compiler.</exception>
    public static CudaModule Load(ReadOnlySpan<byte> image, string name)
    {
        CudaContext context = CudaContext.Current;
        // PTX is text that must end in a zero byte; the other kinds carry their length and do not mind one more.
        var terminated = (byte*)NativeMemory.Alloc((nuint)image.Length + 1 + 2 * LogBytes);
        try
        {
            image.CopyTo(new Span<byte>(terminated, image.Length));
            terminated[image.Length] = 0;
            byte* errors = terminated + image.Length + 1, remarks = errors + LogBytes;
            *errors = *remarks = 0;
            const int Options = 4;
            JitOption* names = stackalloc JitOption[Options]
            {
                JitOption.ErrorLogBuffer, JitOption.ErrorLogBufferSizeBytes, JitOption.InfoLogBuffer, JitOption.InfoLogBufferSizeBytes,
            };
            nint* values = stackalloc nint[Options] { (nint)errors, LogBytes, (nint)remarks, LogBytes };
            int result = DriverApi.cuModuleLoadDataEx(out nint module, terminated, Options, names, values);
            if (result != CudaResult.Success) throw Refused(result, name, ReadLog(errors));
            return new CudaModule(new ModuleHandle(context, module), name, ReadLog(remarks));
        }
        finally
        {
            NativeMemory.Free(terminated);
        }
    }

    /// <summary>A kernel of this module, its argument struct checked against the kernel's parameters.</summary>
    /// <exception cref="CudaSearchException">There is no such function, or the struct does not fit it.</exception>
    public CudaKernel<TArguments> GetKernel<[DynamicallyAccessedMembers(CudaKernel.Fields)] TArguments>(string function)
        where TArguments : unmanaged => new(_handle, FindFunction(function), function);

    /// <summary>The driver's function of a kernel.</summary>
    internal nint FindFunction(string function)
    {
        int result = DriverApi.cuModuleGetFunction(out nint address, _handle, function);
        if (result == CudaResult.Success)
        {
            // Left to itself the driver loads a function at its first launch, which may come while a graph is recorded, where loading is forbidden.
            CudaException.Check(DriverApi.cuFuncLoad(address));
            return address;
        }
        if (result != CudaResult.NotFound) throw CudaException.Create(result, nameof(DriverApi.cuModuleGetFunction), function);
        throw CudaSearchException.BadInput(
            $"module '{Name}' has no kernel '{function}'; the kernel images and this program are not from the same build");
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private static CudaException Refused(int result, string name, string log)
    {
        string detail = $"module '{name}' was refused" + (log.Length > 0 ? ":\n" + log : "");
        return CudaException.Create(result, nameof(DriverApi.cuModuleLoadDataEx), detail: detail);
    }

    private static string ReadLog(byte* log)
    {
        int length = new ReadOnlySpan<byte>(log, LogBytes).IndexOf((byte)0);
        return Encoding.UTF8.GetString(log, length < 0 ? LogBytes : length).Trim();
    }
}
