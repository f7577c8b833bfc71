namespace CudaSearch.Cuda.Tests.Support;

/// <summary>
/// The device that this test run is on. <c>CUDASEARCH_TEST_DEVICE</c> is <c>host</c> (the host device, the default), <c>asan</c> (its
/// AddressSanitizer build, which wants libasan preloaded) or <c>gpu</c> (the machine's driver and the kernels beside the program).
/// </summary>
internal static class TestDevice
{
    /// <summary>The device named by the environment.</summary>
    public static string Kind { get; } = Environment.GetEnvironmentVariable("CUDASEARCH_TEST_DEVICE") ?? "host";

    /// <summary>Whether this is a real GPU.</summary>
    public static bool IsGpu => Kind == "gpu";

    /// <summary>Folder of the host device's outputs, beside the test assembly.</summary>
    public static string HostFolder { get; } = Path.Combine(AppContext.BaseDirectory, "hostcuda");

    /// <summary>Kernels that check bounds and races; for a test of one kernel. Null on a GPU: the images made for it.</summary>
    public static string? CheckedKernels => Folder("kernels", "checker");

    /// <summary>Kernels at full speed; for a test that runs a whole model. Null on a GPU: the images made for it.</summary>
    public static string? PlainKernels => Folder("kernels", "plain");

    private static string DriverFile => Path.Combine(HostFolder, Kind == "asan" ? "libcuda-host-asan.so" : "libcuda-host.so");

    /// <summary>Points the library at the device of this run. On the host device a missing library is a failure, never a skip.</summary>
    public static void Select()
    {
        if (IsGpu) return;
        Assert.True(Kind is "host" or "asan", $"CUDASEARCH_TEST_DEVICE is '{Kind}'; it must be host, asan or gpu");
        Assert.True(
            File.Exists(DriverFile),
            $"the host device is not built: '{DriverFile}' is missing. It needs x64 Linux with CMake and g++ 12 or newer; " +
            "with them installed, dotnet build of CudaSearch.Cuda.Tests makes it and says why when it does not");
        Environment.SetEnvironmentVariable(DriverLibrary.Variable, DriverFile);
    }

    /// <summary>Skips a test of the host device itself when the run is on a GPU.</summary>
    public static void RequireHost() => Assert.SkipWhen(IsGpu, "this test is about the host device");

    /// <summary>The file of a kernel with a bug in it, built for the checker.</summary>
    /// <param name="set"><c>planted</c> or <c>mutations</c>.</param>
    /// <param name="name">The file's name without its extension.</param>
    public static string BrokenKernel(string set, string name)
    {
        RequireHost();
        string[] candidates =
        [
            Path.Combine(HostFolder, set, Flavour("checker"), name + ".so"),
            Path.Combine(HostFolder, set, name + ".so"),
        ];
        string? file = candidates.FirstOrDefault(File.Exists);
        Assert.True(file is not null, $"the broken kernel '{candidates[0]}' is not built; see tests/hostcuda/{set}");
        return file;
    }

    private static string? Folder(string set, string flavour) => IsGpu ? null : Path.Combine(HostFolder, set, Flavour(flavour));

    private static string Flavour(string flavour) => Kind == "asan" ? "asan" : flavour;
}
