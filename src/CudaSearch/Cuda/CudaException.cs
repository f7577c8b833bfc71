using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CudaSearch.Cuda;

/// <summary>
/// A call into the CUDA driver that failed. The message reads <c>CUDA_ERROR_LAUNCH_FAILED (719) from cuStreamSynchronize: …</c>, followed
/// by
/// the report of the faulting kernel where the driver can give one.
/// </summary>
public sealed class CudaException : Exception
{
    private CudaException(int code, string name, string call, string? kernel, string message)
        : base(message)
    {
        Code = code;
        Name = name;
        Call = call;
        Kernel = kernel;
    }

    /// <summary>The driver's CUresult.</summary>
    public int Code { get; }

    /// <summary>The driver's name for the code, such as <c>CUDA_ERROR_LAUNCH_FAILED</c>.</summary>
    public string Name { get; }

    /// <summary>The driver function that returned it, such as <c>cuStreamSynchronize</c>.</summary>
    public string Call { get; }

    /// <summary>The kernel that was being launched; null when the failing call was not a launch.</summary>
    public string? Kernel { get; }

    /// <summary>Whether the context is lost: every later call fails with the same code until the process ends.</summary>
    public bool IsSticky => IsStickyCode(Code);

    /// <summary>Throws when <paramref name="result"/> is not success.</summary>
    /// <param name="result">A call of <see cref="DriverApi"/>, written out in place so that its name is known.</param>
    /// <param name="call">Filled in by the compiler.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Check(int result, [CallerArgumentExpression(nameof(result))] string call = "")
    {
        if (result != CudaResult.Success) throw Create(result, FunctionName(call));
    }

    /// <summary>The exception for a code that a driver function returned.</summary>
    internal static CudaException Create(int code, string call, string? kernel = null, string? detail = null)
    {
        string name = NameOf(code);
        string message = $"{name} ({code}) from {call}{(kernel is null ? "" : $" of kernel '{kernel}'")}: {detail ?? TextOf(code)}";
        if (IsStickyCode(code))
        {
            if (DriverLibrary.LastKernelReport() is { } report) message += $"; {report}";
            message += "; the device context is lost and this process can use it no more";
        }
        return new CudaException(code, name, call, kernel, message);
    }

    /// <summary>The driver's name for a code; the number where the driver has none.</summary>
    internal static unsafe string NameOf(int code) =>
        DriverApi.cuGetErrorName(code, out byte* name) == CudaResult.Success ? Marshal.PtrToStringUTF8((nint)name)! : $"error {code}";

    private static unsafe string TextOf(int code) =>
        DriverApi.cuGetErrorString(code, out byte* text) == CudaResult.Success ? Marshal.PtrToStringUTF8((nint)text)! : "no description";

    // "DriverApi.cuMemFree(handle)" → "cuMemFree"
    private static string FunctionName(string expression)
    {
        int open = expression.IndexOf('(', StringComparison.Ordinal);
        string path = open < 0 ? expression : expression[..open];
        return path[(path.LastIndexOf('.') + 1)..];
    }

    private static bool IsStickyCode(int code) =>
        code is CudaResult.EccUncorrectable or CudaResult.IllegalAddress or CudaResult.LaunchTimeout or CudaResult.Assert
            or (>= CudaResult.HardwareStackError and <= CudaResult.LaunchFailed);
}
