using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace CudaSearch.Cuda;

/// <summary>
/// NVIDIA's matrix product, where cuBLAS 12 or 13 is installed: something to check our own against and to compare its speed with.
/// The engine itself never uses it.
/// </summary>
internal sealed unsafe class CudaBlas : IDisposable
{
    private const int Transpose = 1;
    private const int NoTranspose = 0;
    private const int Float32 = 0;
    private const int BFloat16 = 14;
    private const int ComputeFloat32 = 68;
    private const int DefaultAlgorithm = -1;

    private readonly nint _handle;
    private readonly delegate* unmanaged<nint, int> _destroy;
    private readonly delegate* unmanaged<nint, nint, int> _setStream;

    // handle, operations on a and b, m, n, k, alpha, a, type, stride, b, type, stride, beta, c, type, stride, compute type, algorithm
    private readonly delegate* unmanaged<
        nint, int, int, int, int, int, float*, DevicePointer, int, int, DevicePointer, int, int, float*, DevicePointer, int, int, int, int,
        int> _gemm;

    private bool _disposed;

    private CudaBlas(nint library, string file)
    {
        File = file;
        _destroy = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cublasDestroy_v2");
        _setStream = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(library, "cublasSetStream_v2");
        _gemm = (delegate* unmanaged<
            nint, int, int, int, int, int, float*, DevicePointer, int, int, DevicePointer, int, int, float*, DevicePointer, int, int, int,
            int, int>)
            NativeLibrary.GetExport(library, "cublasGemmEx");
        var create = (delegate* unmanaged<nint*, int>)NativeLibrary.GetExport(library, "cublasCreate_v2");
        nint handle;
        Check(create(&handle), "cublasCreate");
        _handle = handle;
    }

    /// <summary>The library in use.</summary>
    public string File { get; }

    private static string[] Candidates => OperatingSystem.IsWindows()
        ? ["cublas64_13.dll", "cublas64_12.dll"]
        : ["libcublas.so.13", "libcublas.so.12", "/usr/local/cuda/lib64/libcublas.so.13", "/usr/local/cuda/lib64/libcublas.so.12"];

    /// <summary>Opens cuBLAS for the current context.</summary>
    /// <param name="blas">The library; null when it is not there.</param>
    /// <param name="reason">Why it is not there; null when it is.</param>
    public static bool TryOpen([NotNullWhen(true)] out CudaBlas? blas, [NotNullWhen(false)] out string? reason) =>
        TryOpen(Candidates, out blas, out reason);

    /// <summary>Opens the first of these files that can be loaded.</summary>
    internal static bool TryOpen(string[] files, [NotNullWhen(true)] out CudaBlas? blas, [NotNullWhen(false)] out string? reason)
    {
        _ = CudaContext.Current;
        (blas, reason) = (null, null);
        foreach (string file in files)
        {
            if (!NativeLibrary.TryLoad(file, out nint library)) continue;
            try
            {
                blas = new CudaBlas(library, file);
                return true;
            }
            catch (Exception e) when (e is EntryPointNotFoundException or InvalidOperationException)
            {
                reason = $"'{file}' cannot be used: {e.Message}";
                return false;
            }
        }
        reason = $"cuBLAS is not installed or not on the loader's path (tried {string.Join(", ", files)})";
        return false;
    }

    /// <summary>Queues y = x · wᵀ in bf16 with float32 accumulation, all matrices row by row.</summary>
    /// <param name="x">[m, k] bf16.</param>
    /// <param name="w">[n, k] bf16.</param>
    /// <param name="y">[m, n], bf16 or float32.</param>
    /// <param name="m">Rows of x and y.</param>
    /// <param name="n">Output features.</param>
    /// <param name="k">Input features.</param>
    /// <param name="float32Output">Whether y is float32.</param>
    /// <param name="stream">Where it is queued.</param>
    public void Multiply(DevicePointer x, DevicePointer w, DevicePointer y, int m, int n, int k, bool float32Output, CudaStream stream)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        float one = 1f, zero = 0f;
        Check(_setStream(_handle, stream.Handle.DangerousGetHandle()), "cublasSetStream");
        // cuBLAS counts columns first: its n × m result in that order is our m × n result row by row.
        int outputType = float32Output ? Float32 : BFloat16;
        int status = _gemm(
            _handle,
            Transpose,
            NoTranspose,
            n,
            m,
            k,
            &one,
            w,
            BFloat16,
            k,
            x,
            BFloat16,
            k,
            &zero,
            y,
            outputType,
            n,
            ComputeFloat32,
            DefaultAlgorithm);
        Check(status, "cublasGemmEx");
        GC.KeepAlive(stream);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _ = _destroy(_handle);
    }

    private static void Check(int status, string call)
    {
        if (status != 0) throw new InvalidOperationException($"{call} failed with cuBLAS status {status}");
    }
}
