using System.Runtime.InteropServices;

namespace CudaSearch.Backends.Cpu.Native;

/// <summary>
/// The library made from kernels/cpu, beside the program or in the folder that <c>CUDASEARCH_CPU_KERNELS</c> names. It is never required: without it every
/// operation runs in managed code.
/// </summary>
internal static unsafe class NativeLibraryFile
{
    /// <summary>The environment variable that names the folder.</summary>
    internal const string Variable = "CUDASEARCH_CPU_KERNELS";

    // kInterfaceVersion of kernels/cpu/kernels.h.
    private const int InterfaceVersion = 3;

    // Best first.
    private static readonly string[] s_names = ["amx-bf16", "avx512-bf16", "avx512", "avx2"];
    private static readonly delegate* unmanaged<byte*, int, NativeKernels*> s_find;

    static NativeLibraryFile()
    {
        string folder = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : Path.Combine(AppContext.BaseDirectory, "cpu");
        string extension = OperatingSystem.IsWindows() ? ".dll" : OperatingSystem.IsMacOS() ? ".dylib" : ".so";
        string file = Path.Combine(folder, "cudasearch-cpu" + extension);
        Fault = Load(file, out nint find);
        if (Fault is not null) return;
        s_find = (delegate* unmanaged<byte*, int, NativeKernels*>)find;
        Paths = [.. s_names.Where(name => Find(name, NativeWeights.BFloat16) is not null)];
        if (Paths.Count == 0) Fault = $"{file} has nothing for this processor: it needs AVX2 and FMA";
        else File = file;
    }

    /// <summary>The paths that this processor can run, best first; none where the library is missing.</summary>
    public static IReadOnlyList<string> Paths { get; } = [];

    /// <summary>The file that is used; null for none.</summary>
    public static string? File { get; }

    /// <summary>Why the library is not used, and what to do; null when it is.</summary>
    public static string? Fault { get; }

    /// <summary>The kernels of a path for a format of weights; null where this processor, or the path, cannot run it.</summary>
    public static NativeKernels* Find(string path, NativeWeights weights)
    {
        nint name = Marshal.StringToCoTaskMemUTF8(path);
        NativeKernels* kernels = s_find((byte*)name, (int)weights);
        Marshal.FreeCoTaskMem(name);
        return kernels;
    }

    private static string? Load(string file, out nint find)
    {
        find = 0;
        if (!System.IO.File.Exists(file)) return $"{file} does not exist; build with cmake and g++ or clang++ installed (x86-64)";
        if (!NativeLibrary.TryLoad(file, out nint library)) return $"{file} cannot be loaded; build again on this machine";
        bool known = NativeLibrary.TryGetExport(library, "cudasearch_cpu_version", out nint version)
            && ((delegate* unmanaged<int>)version)() == InterfaceVersion
            && NativeLibrary.TryGetExport(library, "cudasearch_cpu_kernels", out find);
        return known ? null : $"{file} belongs to another version of this program; build again";
    }
}
