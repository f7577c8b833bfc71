using System.Runtime.InteropServices;

namespace CudaSearch.Cuda;

/// <summary>
/// The driver's C functions under their documented names, each bound to the versioned symbol that today's headers select. Every one returns
/// a
/// CUresult (0 is success). Nothing here may be called before <see cref="CudaDriver.Load()"/> has found the library.
/// </summary>
internal static unsafe partial class DriverApi
{
    /// <summary>The name that <see cref="DriverLibrary"/> resolves; no such file need exist.</summary>
    internal const string Library = "cuda";

    // ---- errors -----------------------------------------------------------------------------------------------------------------

    [LibraryImport(Library)]
    internal static partial int cuGetErrorName(int error, out byte* name);

    [LibraryImport(Library)]
    internal static partial int cuGetErrorString(int error, out byte* text);

    // ---- devices and contexts ---------------------------------------------------------------------------------------------------

    [LibraryImport(Library)]
    internal static partial int cuDeviceGet(out int device, int ordinal);

    [LibraryImport(Library)]
    internal static partial int cuDeviceGetName(byte* name, int capacity, int device);

    [LibraryImport(Library, EntryPoint = "cuDeviceTotalMem_v2")]
    internal static partial int cuDeviceTotalMem(out nuint bytes, int device);

    [LibraryImport(Library)]
    internal static partial int cuDeviceGetAttribute(out int value, DeviceAttribute attribute, int device);

    [LibraryImport(Library)]
    internal static partial int cuDevicePrimaryCtxRetain(out nint context, int device);

    [LibraryImport(Library, EntryPoint = "cuDevicePrimaryCtxRelease_v2")]
    internal static partial int cuDevicePrimaryCtxRelease(int device);

    [LibraryImport(Library, EntryPoint = "cuDevicePrimaryCtxReset_v2")]
    internal static partial int cuDevicePrimaryCtxReset(int device);

    [LibraryImport(Library)]
    internal static partial int cuCtxSetCurrent(nint context);

    [LibraryImport(Library)]
    internal static partial int cuCtxGetCurrent(out nint context);

    [LibraryImport(Library)]
    internal static partial int cuCtxSynchronize();

    // ---- memory -----------------------------------------------------------------------------------------------------------------

    [LibraryImport(Library, EntryPoint = "cuMemGetInfo_v2")]
    internal static partial int cuMemGetInfo(out nuint free, out nuint total);

    [LibraryImport(Library, EntryPoint = "cuMemAlloc_v2")]
    internal static partial int cuMemAlloc(out nint pointer, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cuMemFree_v2")]
    internal static partial int cuMemFree(nint pointer);

    [LibraryImport(Library)]
    internal static partial int cuMemHostAlloc(out nint pointer, nuint bytes, uint flags);

    [LibraryImport(Library)]
    internal static partial int cuMemFreeHost(nint pointer);

    [LibraryImport(Library, EntryPoint = "cuMemcpyHtoD_v2")]
    internal static partial int cuMemcpyHtoD(DevicePointer destination, void* source, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cuMemcpyDtoH_v2")]
    internal static partial int cuMemcpyDtoH(void* destination, DevicePointer source, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cuMemcpyHtoDAsync_v2")]
    internal static partial int cuMemcpyHtoDAsync(DevicePointer destination, void* source, nuint bytes, StreamHandle stream);

    [LibraryImport(Library, EntryPoint = "cuMemcpyDtoHAsync_v2")]
    internal static partial int cuMemcpyDtoHAsync(void* destination, DevicePointer source, nuint bytes, StreamHandle stream);

    [LibraryImport(Library, EntryPoint = "cuMemcpyDtoDAsync_v2")]
    internal static partial int cuMemcpyDtoDAsync(DevicePointer destination, DevicePointer source, nuint bytes, StreamHandle stream);

    [LibraryImport(Library)]
    internal static partial int cuMemsetD8Async(DevicePointer destination, byte value, nuint bytes, StreamHandle stream);

    [LibraryImport(Library)]
    internal static partial int cuTensorMapEncodeTiled(
        void* map, int type, uint rank, DevicePointer tensor, ulong* dimensions, ulong* strides, uint* box, uint* steps, int interleave, int swizzle,
        int promotion, int fill);
}
