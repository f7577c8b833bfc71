using System.Runtime.InteropServices;

namespace CudaSearch.Cuda;

/// <summary>
/// Names for stretches of work in Nsight's timelines, by NVIDIA's NVTX library where that is installed; where it is not, a range costs a comparison. The
/// library is looked for once a process.
/// </summary>
internal sealed unsafe class Nvtx
{
    private static readonly string[] s_files = OperatingSystem.IsWindows()
        ? ["nvToolsExt64_1.dll", "nvtx3interop.dll"]
        : ["libnvToolsExt.so.1", "libnvtx3interop.so.1", "libnvtx3interop.so", "/usr/local/cuda/lib64/libnvToolsExt.so.1", "/usr/local/cuda/lib64/libnvtx3interop.so.1"];

    private readonly delegate* unmanaged<byte*, int> _push;
    private readonly delegate* unmanaged<int> _pop;

    private Nvtx(string? file, string? fault, nint push, nint pop)
    {
        (File, Fault) = (file, fault);
        _push = (delegate* unmanaged<byte*, int>)push;
        _pop = (delegate* unmanaged<int>)pop;
    }

    /// <summary>The one of this process.</summary>
    public static Nvtx Installed { get; } = Open(s_files);

    /// <summary>The library; null where there is none.</summary>
    public string? File { get; }

    /// <summary>Why no ranges are named; null where they are.</summary>
    public string? Fault { get; }

    /// <summary>Opens the first of these files that can be loaded.</summary>
    internal static Nvtx Open(params string[] files)
    {
        foreach (string file in files)
        {
            if (!NativeLibrary.TryLoad(file, out nint library)) continue;
            return NativeLibrary.TryGetExport(library, "nvtxRangePushA", out nint push) && NativeLibrary.TryGetExport(library, "nvtxRangePop", out nint pop)
                ? new Nvtx(file, fault: null, push, pop)
                : new Nvtx(file: null, $"'{file}' cannot be used: it has no nvtxRangePushA", 0, 0);
        }
        return new Nvtx(file: null, $"NVTX is not installed or not on the loader's path (tried {string.Join(", ", files)})", 0, 0);
    }

    /// <summary>Begins a range; it ends when the result is disposed, on the same thread.</summary>
    /// <param name="name">A UTF-8 literal, behind which the compiler puts the zero that the library looks for.</param>
    public NvtxRange Begin(ReadOnlySpan<byte> name)
    {
        if (_push is null) return default;
        fixed (byte* text = name) _ = _push(text);
        return new NvtxRange(this);
    }

    internal void End() => _ = _pop();
}

/// <summary>A range that ends with its scope.</summary>
internal readonly ref struct NvtxRange(Nvtx? nvtx)
{
    /// <summary>Ends it.</summary>
    public void Dispose() => nvtx?.End();
}
