using System.Diagnostics;
using CudaSearch.Cli;
using CudaSearch.Cuda.Tests.Support;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>What goes wrong with a device ends the program with one clear message and its exit status, and loses nothing that was done.</summary>
public sealed class FailureTests : IDisposable
{
    private const string Solve = "solve --strategy greedy --device cuda --memory 200MiB";

    private readonly TempFolder _folder = new();

    public FailureTests() => TestDevice.RequireHost();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task NoDriverIsSaid() =>
        (await RunAsync(Solve, ("CUDASEARCH_DRIVER", "/nonexistent/libcuda.so.1"))).Failed(ExitStatus.DeviceUnavailable, "/nonexistent/libcuda.so.1");

    [Fact]
    public async Task AnOldDriverIsSaid() => (await RunAsync(Solve, ("HOSTCUDA_DRIVER_VERSION", "12020"))).Failed(ExitStatus.DeviceUnavailable, "12.2", "12.4");

    [Fact]
    public async Task NoDeviceIsSaid() => (await RunAsync(Solve, ("HOSTCUDA_DEVICES", "0"))).Failed(ExitStatus.DeviceUnavailable, "device");

    [Fact]
    public async Task ADeviceThatIsNotThereIsSaid() => (await RunAsync(Solve.Replace("cuda", "cuda:3"))).Failed(ExitStatus.DeviceUnavailable, "3");

    [Fact]
    public async Task MissingKernelsAreSaid() => (await RunAsync(Solve, ("CUDASEARCH_KERNELS", _folder.Path))).Failed(ExitStatus.DeviceUnavailable, _folder.Path);

    [Fact]
    public async Task ARefusedKernelImageShowsTheDriversLog()
    {
        foreach (string file in Directory.EnumerateFiles(TestDevice.PlainKernels!, "*.so"))
            await File.WriteAllTextAsync(_folder.File(Path.GetFileName(file)), ".version 99.9\n.target sm_90a\n", TestContext.Current.CancellationToken);
        (await RunAsync(Solve, ("CUDASEARCH_KERNELS", _folder.Path))).Failed(ExitStatus.DeviceUnavailable, "CUDA_ERROR_INVALID_PTX");
    }

    [Fact]
    public async Task TooLittleMemoryIsSaid() => (await RunAsync(Solve, ("HOSTCUDA_MEMORY", "30000000"))).Failed(ExitStatus.OutOfMemory, "MiB", "--memory");

    [Fact]
    public async Task MemoryThatAnotherProcessTookIsSaid() =>
        (await RunAsync(Solve, ("HOSTCUDA_FAIL", "cuMemGetInfo:2:0"))).Failed(ExitStatus.OutOfMemory, "cuMemGetInfo", "--memory");

    [Theory]
    [InlineData("HOSTCUDA_DRIVER_VERSION", "12020", "too old")]
    [InlineData("HOSTCUDA_FAIL", "cuStreamCreateWithPriority:2:0", "cuda:0 is not used")]
    public async Task AutoSaysWhyItPassesAGpuBy(string variable, string value, string reason)
    {
        DeviceRun run = await RunAsync("solve --strategy greedy --memory 200MiB", (variable, value));
        Assert.True(run.Status == ExitStatus.Done, run.Error);
        Assert.Contains(reason, run.Error, StringComparison.Ordinal);
        Assert.Contains("on CPU", run.Error + run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ABudgetThatHoldsNoPageIsSaid() => (await RunAsync(Solve.Replace("200MiB", "10MiB"))).Failed(ExitStatus.OutOfMemory, "--memory");

    // The device runs out where nobody allocates: the driver itself needs memory for a graph.
    [Fact]
    public async Task MemoryThatRunsOutInTheMiddleIsSaid() =>
        (await RunAsync(Solve, ("HOSTCUDA_FAIL", "cuGraphInstantiateWithFlags:2:1"))).Failed(ExitStatus.OutOfMemory, "cuGraphInstantiate", "--memory");

    [Fact]
    public async Task AFaultInTheMiddleKeepsTheResultsSoFar()
    {
        string output = _folder.File("run.jsonl");
        string eval = $"eval --dataset tinymath --limit 3 --concurrency 1 --strategy greedy --memory 200MiB --output {output}";
        // A run without a fault tells after how many passes the second problem is about to end.
        DeviceRun whole = await RunAsync($"{eval} --device cuda --json");
        Assert.Equal(ExitStatus.Done, whole.Status);
        string[] records = await File.ReadAllLinesAsync(output, TestContext.Current.CancellationToken);
        File.Delete(output);
        int passes = System.Text.Json.JsonDocument.Parse(records[0]).RootElement.GetProperty("usage").GetProperty("passes").GetInt32();
        DeviceRun broken = await RunAsync($"{eval} --device cuda", ("HOSTCUDA_FAIL", $"cuGraphLaunch:719:{passes + 3}"));
        Assert.Equal(ExitStatus.DeviceUnavailable, broken.Status);
        Assert.Contains("CUDA_ERROR_LAUNCH_FAILED", broken.Error, StringComparison.Ordinal);
        Assert.Single(await File.ReadAllLinesAsync(output, TestContext.Current.CancellationToken));
        // The same command goes on where it ended.
        Assert.Equal(ExitStatus.Done, (await RunAsync($"{eval} --device cuda")).Status);
        Assert.Equal(3, (await File.ReadAllLinesAsync(output, TestContext.Current.CancellationToken)).Length);
    }

    private static async Task<DeviceRun> RunAsync(string arguments, params (string Name, string Value)[] environment)
    {
        string host = TestDevice.HostFolder;
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "CudaSearch.Cli.dll"));
        foreach (string argument in arguments.Split(' ')) start.ArgumentList.Add(argument);
        start.Environment["CUDASEARCH_DRIVER"] = Path.Combine(host, "libcuda-host.so");
        start.Environment["CUDASEARCH_KERNELS"] = TestDevice.PlainKernels;
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
        return new DeviceRun(process.ExitCode, await output, await error);
    }

    private sealed record DeviceRun(int Status, string Output, string Error)
    {
        /// <summary>Asserts that it failed with this status, printed nothing, and said each of these in one line.</summary>
        public void Failed(int status, params string[] parts)
        {
            Assert.True(Status == status, $"status {Status}: {Error}");
            Assert.Empty(Output);
            string message = Assert.Single(Error.Split('\n'), line => line.StartsWith("cudasearch: ", StringComparison.Ordinal));
            Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
            Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
        }
    }
}
