using System.Reflection;
using System.Runtime.InteropServices;

namespace CudaSearch.Cuda.Tests.HostDevice;

/// <summary>
/// The host device's C functions as they are: no handles that free themselves, no exceptions, so that a test can make every mistake. Calls
/// are the driver's own; <c>hostcuda_…</c> are the host device's controls (tests/hostcuda/driver/control.h).
/// </summary>
internal static unsafe partial class DriverCalls
{
    private const string Library = "host-device";

    static DriverCalls() => NativeLibrary.SetDllImportResolver(typeof(DriverCalls).Assembly, Resolve);

    [LibraryImport(Library)]
    internal static partial int cuInit(uint flags);

    [LibraryImport(Library)]
    internal static partial int cuGetErrorName(int result, out byte* name);

    [LibraryImport(Library)]
    internal static partial int cuDeviceGetCount(out int count);

    [LibraryImport(Library)]
    internal static partial int cuDeviceGetAttribute(out int value, int attribute, int device);

    [LibraryImport(Library)]
    internal static partial int cuDevicePrimaryCtxRetain(out nint context, int device);

    [LibraryImport(Library)]
    internal static partial int cuDevicePrimaryCtxRelease_v2(int device);

    [LibraryImport(Library)]
    internal static partial int cuDevicePrimaryCtxReset_v2(int device);

    [LibraryImport(Library)]
    internal static partial int cuCtxSetCurrent(nint context);

    [LibraryImport(Library)]
    internal static partial int cuCtxGetCurrent(out nint context);

    [LibraryImport(Library)]
    internal static partial int cuCtxSynchronize();

    [LibraryImport(Library)]
    internal static partial int cuMemGetInfo_v2(out nuint free, out nuint total);

    [LibraryImport(Library)]
    internal static partial int cuMemAlloc_v2(out ulong pointer, nuint bytes);

    [LibraryImport(Library)]
    internal static partial int cuMemFree_v2(ulong pointer);

    [LibraryImport(Library)]
    internal static partial int cuMemHostAlloc(out nint pointer, nuint bytes, uint flags);

    [LibraryImport(Library)]
    internal static partial int cuMemFreeHost(nint pointer);

    [LibraryImport(Library)]
    internal static partial int cuMemcpyHtoD_v2(ulong to, void* from, nuint bytes);

    [LibraryImport(Library)]
    internal static partial int cuMemcpyDtoH_v2(void* to, ulong from, nuint bytes);

    [LibraryImport(Library)]
    internal static partial int cuMemcpyHtoDAsync_v2(ulong to, void* from, nuint bytes, nint stream);

    [LibraryImport(Library)]
    internal static partial int cuMemcpyDtoHAsync_v2(void* to, ulong from, nuint bytes, nint stream);

    [LibraryImport(Library)]
    internal static partial int cuMemcpyDtoDAsync_v2(ulong to, ulong from, nuint bytes, nint stream);

    [LibraryImport(Library)]
    internal static partial int cuMemsetD8Async(ulong pointer, byte value, nuint count, nint stream);

    [LibraryImport(Library)]
    internal static partial int cuMemsetD32Async(ulong pointer, uint value, nuint count, nint stream);

    [LibraryImport(Library)]
    internal static partial int cuModuleLoadData(out nint module, void* image);

    [LibraryImport(Library)]
    internal static partial int cuModuleLoadDataEx(out nint module, void* image, uint count, int* options, nint* values);

    [LibraryImport(Library)]
    internal static partial int cuModuleUnload(nint module);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int cuModuleGetFunction(out nint function, nint module, string name);

    [LibraryImport(Library)]
    internal static partial int cuFuncGetParamInfo(nint function, nuint index, out nuint offset, out nuint size);

    [LibraryImport(Library)]
    internal static partial int cuFuncGetAttribute(out int value, int attribute, nint function);

    [LibraryImport(Library)]
    internal static partial int cuFuncSetAttribute(nint function, int attribute, int value);

    [LibraryImport(Library)]
    internal static partial int cuLaunchKernel(
        nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint shared, nint stream, void** values, nint* extra);

    [LibraryImport(Library)]
    internal static partial int cuLaunchKernelEx(void* configuration, nint function, void** values, nint* extra);

    [LibraryImport(Library)]
    internal static partial int cuStreamCreate(out nint stream, uint flags);

    [LibraryImport(Library)]
    internal static partial int cuStreamDestroy_v2(nint stream);

    [LibraryImport(Library)]
    internal static partial int cuStreamSynchronize(nint stream);

    [LibraryImport(Library)]
    internal static partial int cuStreamQuery(nint stream);

    [LibraryImport(Library)]
    internal static partial int cuStreamWaitEvent(nint stream, nint waited, uint flags);

    [LibraryImport(Library)]
    internal static partial int cuEventCreate(out nint created, uint flags);

    [LibraryImport(Library)]
    internal static partial int cuEventDestroy_v2(nint destroyed);

    [LibraryImport(Library)]
    internal static partial int cuEventRecord(nint recorded, nint stream);

    [LibraryImport(Library)]
    internal static partial int cuEventSynchronize(nint waited);

    [LibraryImport(Library)]
    internal static partial int cuEventQuery(nint queried);

    [LibraryImport(Library)]
    internal static partial int cuEventElapsedTime(out float milliseconds, nint start, nint end);

    [LibraryImport(Library)]
    internal static partial int cuStreamBeginCapture_v2(nint stream, int mode);

    [LibraryImport(Library)]
    internal static partial int cuStreamEndCapture(nint stream, out nint graph);

    [LibraryImport(Library)]
    internal static partial int cuStreamIsCapturing(nint stream, out int status);

    [LibraryImport(Library)]
    internal static partial int cuGraphGetNodes(nint graph, nint* nodes, ref nuint count);

    [LibraryImport(Library)]
    internal static partial int cuGraphNodeGetType(nint node, out int type);

    [LibraryImport(Library)]
    internal static partial int cuGraphInstantiateWithFlags(out nint executable, nint graph, ulong flags);

    [LibraryImport(Library)]
    internal static partial int cuGraphLaunch(nint executable, nint stream);

    [LibraryImport(Library)]
    internal static partial int cuGraphDestroy(nint graph);

    [LibraryImport(Library)]
    internal static partial int cuGraphExecDestroy(nint executable);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int cuGetProcAddress_v2(string name, out nint function, int version, ulong flags, out int status);

    [LibraryImport(Library)]
    internal static partial int cuTensorMapEncodeTiled(
        void* map, int type, uint rank, ulong address, ulong* dimensions, ulong* strides, uint* box, uint* steps, int interleave, int swizzle, int promotion, int fill);

    [LibraryImport(Library)]
    internal static partial void hostcuda_set_schedule(ulong seed);

    [LibraryImport(Library)]
    internal static partial void hostcuda_set_memory(ulong freeBytes);

    [LibraryImport(Library)]
    internal static partial void hostcuda_set_protection(int on);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int hostcuda_fail_next(string? call, int result, ulong after);

    [LibraryImport(Library)]
    internal static partial void hostcuda_statistics(out Counters counters, ulong bytes);

    /// <summary>What the host device has counted so far.</summary>
    internal static Counters Statistics()
    {
        hostcuda_statistics(out Counters counters, (ulong)sizeof(Counters));
        return counters;
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath) =>
        name == Library ? NativeLibrary.Load(DriverLibrary.Path) : 0;

    /// <summary><c>hostcuda_counters</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Counters
    {
        public ulong Launches;
        public ulong GraphLaunches;
        public ulong KernelsRun;
        public ulong DeviceAllocations;
        public ulong HostAllocations;
        public ulong Copies;
        public ulong CopiesRun;
        public ulong Synchronizations;
        public ulong ModulesLoaded;
        public ulong LiveDeviceAllocations;
        public ulong LiveDeviceBytes;
        public ulong LiveHostAllocations;
    }
}
