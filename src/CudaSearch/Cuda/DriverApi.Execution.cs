using System.Runtime.InteropServices;

namespace CudaSearch.Cuda;

/// <content>Modules, functions, launches, streams, events and graphs.</content>
internal static unsafe partial class DriverApi
{
    // ---- modules and functions --------------------------------------------------------------------------------------------------

    [LibraryImport(Library)]
    internal static partial int cuModuleLoadDataEx(out nint module, void* image, uint options, JitOption* names, nint* values);

    [LibraryImport(Library)]
    internal static partial int cuModuleUnload(nint module);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int cuModuleGetFunction(out nint function, ModuleHandle module, string name);

    [LibraryImport(Library)]
    internal static partial int cuFuncLoad(nint function);

    [LibraryImport(Library)]
    internal static partial int cuFuncGetParamInfo(nint function, nuint index, out nuint offset, out nuint size);

    [LibraryImport(Library)]
    internal static partial int cuFuncSetAttribute(nint function, FunctionAttribute attribute, int value);

    [LibraryImport(Library)]
    internal static partial int cuFuncGetAttribute(out int value, FunctionAttribute attribute, nint function);

    [LibraryImport(Library)]
    internal static partial int cuLaunchKernelEx(LaunchConfiguration* configuration, nint function, void** parameters, nint* extra);

    // ---- streams and events -----------------------------------------------------------------------------------------------------

    [LibraryImport(Library)]
    internal static partial int cuStreamCreateWithPriority(out nint stream, uint flags, int priority);

    [LibraryImport(Library, EntryPoint = "cuStreamDestroy_v2")]
    internal static partial int cuStreamDestroy(nint stream);

    [LibraryImport(Library)]
    internal static partial int cuStreamSynchronize(StreamHandle stream);

    [LibraryImport(Library)]
    internal static partial int cuStreamQuery(StreamHandle stream);

    [LibraryImport(Library)]
    internal static partial int cuStreamWaitEvent(StreamHandle stream, EventHandle waited, uint flags);

    [LibraryImport(Library)]
    internal static partial int cuEventCreate(out nint created, uint flags);

    [LibraryImport(Library, EntryPoint = "cuEventDestroy_v2")]
    internal static partial int cuEventDestroy(nint destroyed);

    [LibraryImport(Library)]
    internal static partial int cuEventRecord(EventHandle recorded, StreamHandle stream);

    [LibraryImport(Library)]
    internal static partial int cuEventSynchronize(EventHandle waited);

    [LibraryImport(Library)]
    internal static partial int cuEventElapsedTime(out float milliseconds, EventHandle start, EventHandle end);

    // ---- graphs -----------------------------------------------------------------------------------------------------------------

    [LibraryImport(Library, EntryPoint = "cuStreamBeginCapture_v2")]
    internal static partial int cuStreamBeginCapture(StreamHandle stream, CaptureMode mode);

    [LibraryImport(Library)]
    internal static partial int cuStreamEndCapture(StreamHandle stream, out nint graph);

    [LibraryImport(Library)]
    internal static partial int cuGraphInstantiateWithFlags(out nint executable, GraphHandle graph, ulong flags);

    [LibraryImport(Library)]
    internal static partial int cuGraphLaunch(GraphExecHandle executable, StreamHandle stream);

    [LibraryImport(Library)]
    internal static partial int cuGraphExecDestroy(nint executable);

    [LibraryImport(Library)]
    internal static partial int cuGraphDestroy(nint graph);
}
