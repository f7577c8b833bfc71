namespace CudaSearch.Cuda;

/// <summary>The CUresult values that this layer decides by; all others are only reported.</summary>
internal static class CudaResult
{
    internal const int Success = 0;
    internal const int InvalidValue = 1;
    internal const int OutOfMemory = 2;
    internal const int NoDevice = 100;
    internal const int InvalidImage = 200;
    internal const int EccUncorrectable = 214;
    internal const int InvalidPtx = 218;
    internal const int NotFound = 500;
    internal const int NotReady = 600;
    internal const int IllegalAddress = 700;
    internal const int LaunchTimeout = 702;
    internal const int Assert = 710;
    internal const int HardwareStackError = 714;
    internal const int LaunchFailed = 719;
}

/// <summary>CUdevice_attribute.</summary>
internal enum DeviceAttribute
{
    MultiprocessorCount = 16,
    L2CacheSize = 38,
    ComputeCapabilityMajor = 75,
    ComputeCapabilityMinor = 76,
}

/// <summary>CUfunction_attribute.</summary>
internal enum FunctionAttribute
{
    PtxVersion = 5,
    MaxDynamicSharedSizeBytes = 8,
}

/// <summary>CUjit_option.</summary>
internal enum JitOption
{
    InfoLogBuffer = 3,
    InfoLogBufferSizeBytes = 4,
    ErrorLogBuffer = 5,
    ErrorLogBufferSizeBytes = 6,
}

/// <summary>CUstreamCaptureMode: whose unsafe calls end a capture with an error.</summary>
internal enum CaptureMode
{
    ThreadLocal = 1,
}
