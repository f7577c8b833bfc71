using System.Reflection;
using System.Runtime.InteropServices;

namespace CudaSearch.Cuda;

/// <summary>
/// The driver's shared library: found once per process and never unloaded. <c>CUDASEARCH_DRIVER</c> names another file than the system's
/// driver, such as the host device of the tests.
/// </summary>
internal static unsafe class DriverLibrary
{
    /// <summary>The environment variable that names the library to load.</summary>
    internal const string Variable = "CUDASEARCH_DRIVER";

    private static readonly Lock s_lock = new();
    private static nint s_handle;

    /// <summary>The file that is loaded, or would be.</summary>
    internal static string Path => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? path : SystemName;

    private static string SystemName => OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";

    /// <summary>Opens a library, whichever process-wide one is in use.</summary>
    /// <exception cref="CudaSearchException">The system's loader refused it; the message has the path and the loader's words.</exception>
    internal static nint Open(string path)
    {
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            // The runtime's message ends with what the system's loader said about the last place it looked in.
            string reason = e.Message.Trim().Split('\n')[^1].Trim();
            throw new CudaSearchException(
                Failure.DeviceUnavailable,
                $"the CUDA driver library '{path}' cannot be loaded: {reason}; " +
                $"install the NVIDIA driver, name its library in {Variable}, or use --device cpu",
                e);
        }
    }

    /// <summary>Makes this library the one that <see cref="DriverApi"/> calls. The first one stays for the life of the process.</summary>
    internal static void Use(nint handle)
    {
        lock (s_lock)
        {
            if (s_handle != 0) return;
            s_handle = handle;
            NativeLibrary.SetDllImportResolver(typeof(DriverLibrary).Assembly, Resolve);
        }
    }

    /// <summary>An exported function of a library.</summary>
    /// <exception cref="CudaSearchException">It has none of that name, so it is no CUDA driver.</exception>
    internal static nint Export(nint library, string path, string function) =>
        NativeLibrary.TryGetExport(library, function, out nint address)
            ? address
            : throw new CudaSearchException(Failure.DeviceUnavailable, $"'{path}' is not a CUDA driver: it has no function {function}");

    /// <summary>A function that only some drivers have (the host device's own); 0 where there is none.</summary>
    internal static nint OptionalExport(string function) =>
        s_handle != 0 && NativeLibrary.TryGetExport(s_handle, function, out nint address) ? address : 0;

    /// <summary>What the host device says about the last kernel that failed; null on a GPU, which says nothing.</summary>
    internal static string? LastKernelReport()
    {
        var report = (delegate* unmanaged<byte*>)OptionalExport("hostcuda_last_report");
        return report == null || Marshal.PtrToStringUTF8((nint)report()) is not { Length: > 0 } text ? null : text.Trim();
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath) =>
        name == DriverApi.Library ? s_handle : 0;
}
