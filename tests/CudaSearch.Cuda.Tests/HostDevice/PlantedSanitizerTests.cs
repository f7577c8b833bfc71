using System.Diagnostics;
using System.Text;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.HostDevice;

/// <summary>
/// The AddressSanitizer flavour. It must be in a process from its start and ends it at the first bug, so each kernel runs in a child: this
/// program again, with the runtime preloaded and told to run only <see cref="RunOne"/>.
/// </summary>
public sealed class PlantedSanitizerTests(DeviceFixture device)
{
    private const string Variable = "HOSTCUDA_PLANTED";

    [Theory]
    [InlineData("addresses", "write_past_buffer", "AddressSanitizer")]
    [InlineData("addresses", "write_past_shared", "AddressSanitizer")]
    [InlineData("arithmetic", "shift_too_far", "runtime error: shift exponent 64")]
    public void NamesTheLine(string file, string name, string what)
    {
        string output = RunInChild($"{file}/{name}", out _);
        Assert.Contains(what, output, StringComparison.Ordinal);
        int[] lines = new PlantedKernel(device, file, name).BugLines();
        bool named = lines.Any(line => output.Contains($"{file}.cu:{line}", StringComparison.Ordinal));
        Assert.True(named, $"no {file}.cu:{lines[0]} in: {output}");
    }

    [Fact]
    public void FindsNothingWrongWithTheCorrectTwins()
    {
        string[] kernels =
        [
            "addresses/write_past_buffer_correct", "addresses/write_past_shared_correct", "barriers/missing_barrier_correct",
            "warps/warp_synchrony_correct", "copies/stage_in_use_correct", "hopper/missing_wgmma_wait_correct",
            "arithmetic/shift_too_far_correct",
        ];
        string output = RunInChild(string.Join(',', kernels), out int status);
        Assert.True(status == 0, output);
        Assert.DoesNotContain("runtime error", output, StringComparison.Ordinal);
    }

    /// <summary>What a child does. Not a test of its own.</summary>
    [Fact(Explicit = true)]
    public void RunOne()
    {
        string planted = Environment.GetEnvironmentVariable(Variable) ?? throw new InvalidOperationException($"{Variable} is not set");
        foreach (string kernel in planted.Split(','))
        {
            string[] parts = kernel.Split('/');
            bool correct = parts[1].EndsWith("_correct", StringComparison.Ordinal);
            new PlantedKernel(device, parts[0], correct ? parts[1][..^"_correct".Length] : parts[1]).Run("asan", correct);
        }
    }

    private static string RunInChild(string planted, out int status)
    {
        TestDevice.RequireHost();
        string program = Environment.ProcessPath!, assembly = typeof(PlantedSanitizerTests).Assembly.Location;
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet") start.ArgumentList.Add(assembly);
        string method = $"{typeof(PlantedSanitizerTests).FullName}.{nameof(RunOne)}";
        foreach (string argument in (string[])["-explicit", "only", "-method", method]) start.ArgumentList.Add(argument);
        start.Environment[Variable] = planted;
        start.Environment["CUDASEARCH_TEST_DEVICE"] = "asan";
        start.Environment["LD_PRELOAD"] = SanitizerRuntime();
        // .NET handles SIGSEGV itself and makes its own alternate stacks; fibers and the collector are no leaks.
        start.Environment["ASAN_OPTIONS"] =
            "detect_leaks=0:detect_stack_use_after_return=0:handle_segv=0:allow_user_segv_handler=1:use_sigaltstack=0";
        using Process child = Process.Start(start)!;
        var output = new StringBuilder();
        child.OutputDataReceived += (_, line) => Append(line.Data);
        child.ErrorDataReceived += (_, line) => Append(line.Data);
        child.BeginOutputReadLine();
        child.BeginErrorReadLine();
        if (!child.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            child.Kill(entireProcessTree: true);
            Assert.Fail($"the child does not end: {output}");
        }
        child.WaitForExit();
        status = child.ExitCode;
        lock (output) return output.ToString();

        void Append(string? line)
        {
            lock (output) output.AppendLine(line);
        }
    }

    // The compiler that built the flavour knows where its runtime is.
    private static string SanitizerRuntime()
    {
        var start = new ProcessStartInfo("g++", "-print-file-name=libasan.so") { RedirectStandardOutput = true };
        using Process compiler = Process.Start(start)!;
        string path = compiler.StandardOutput.ReadToEnd().Trim();
        compiler.WaitForExit();
        Assert.True(Path.IsPathRooted(path) && File.Exists(path), $"g++ does not know libasan.so: '{path}'");
        return path;
    }
}
