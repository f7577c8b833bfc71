using System.Text.Json;
using CudaSearch.Cli;
using CudaSearch.Cuda.Tests.Support;
using KernelBench;

namespace CudaSearch.Cuda.Tests.Tools;

/// <summary>The tool that checks and times the ladder of products: it runs on any device, and sees what is wrong.</summary>
public sealed class KernelBenchTests : IDisposable
{
    private readonly string? _kernels = Environment.GetEnvironmentVariable(KernelImages.Variable);

    public KernelBenchTests()
    {
        TestDevice.Select();
        if (TestDevice.PlainKernels is { } plain) Environment.SetEnvironmentVariable(KernelImages.Variable, plain);
    }

    public void Dispose() => Environment.SetEnvironmentVariable(KernelImages.Variable, _kernels);

    [Fact]
    public void EveryRungRunsAndIsRight()
    {
        (int status, string output, string error) = Run("--n", "72", "--k", "320", "--m", "300,1,9", "--runs", "1", "--json");
        Assert.True(status == ExitStatus.Done, $"status {status}: {error}");
        using JsonDocument document = JsonDocument.Parse(output);
        Assert.Equal(TestDevice.IsGpu, document.RootElement.GetProperty("measured").GetBoolean());
        JsonElement[] sizes = [.. document.RootElement.GetProperty("sizes").EnumerateArray()];
        Assert.Equal([1, 9, 300], sizes.Select(size => size.GetProperty("m").GetInt32()));
        foreach (JsonElement size in sizes)
        {
            JsonElement[] rungs = [.. size.GetProperty("rungs").EnumerateArray()];
            Assert.Equal("mma", rungs[0].GetProperty("rung").GetString());
            if (!TestDevice.IsGpu) Assert.Equal(size.GetProperty("m").GetInt32() > 256 ? 5 : 8, rungs.Length);
            Assert.All(rungs, rung => Assert.Equal(JsonValueKind.Null, rung.GetProperty("fault").ValueKind));
            Assert.All(rungs, rung => Assert.True(rung.GetProperty("seconds").GetDouble() > 0 && rung.GetProperty("of_ceiling").GetDouble() > 0));
        }
    }

    [Fact]
    public void TheProductsOfAModelAreThoseOfItsLayers()
    {
        (int status, string output, _) = Run("--shape", "tinymath", "--m", "2", "--runs", "1", "--rungs", "swapped");
        Assert.Equal(ExitStatus.Done, status);
        foreach (string product in (string[])["qkv: n 512, k 192, m 2", "o: n 192, k 256", "gate_up: n 1024, k 192", "down: n 192, k 512", "head: n 408, k 192"])
            Assert.Contains(product, output, StringComparison.Ordinal);
        if (!TestDevice.IsGpu) Assert.Contains("who is fastest is not measured", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--n", "12", "--k", "64")]
    [InlineData("--n", "64")]
    [InlineData("--m", "0")]
    [InlineData("--rungs", "ladder")]
    [InlineData("--shape", "gpt")]
    [InlineData("--speed", "1")]
    public void RefusesWithOneMessage(params string[] args)
    {
        (int status, string output, string error) = Run(args);
        Assert.Equal((ExitStatus.Usage, ""), (status, output));
        Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => line.StartsWith("kernel-bench: ", StringComparison.Ordinal));
    }

    [Fact]
    public void AWrongOutputIsSeen()
    {
        using var context = new CudaContext(0);
        using var stream = new CudaStream();
        using var operands = new Operands(stream, new ProductShape("any", 16, 64), mostRows: 3);
        ushort[] right = [.. Enumerable.Range(0, 48).Select(i => Kernels.Rounding.ToBf16((float)operands.Exact(i / 16, i % 16).Value))];
        Assert.Null(OutputCheck.Fault(operands, 3, right, shipped: null));
        Assert.Null(OutputCheck.Fault(operands, 3, right, right));
        ushort[] swapped = [.. right];
        (swapped[0], swapped[1]) = (right[1], right[0]);
        Assert.Contains("row 0, column 0", OutputCheck.Fault(operands, 3, swapped, shipped: null), StringComparison.Ordinal);
        Assert.Contains("by the shipped kernel", OutputCheck.Fault(operands, 3, right, swapped), StringComparison.Ordinal);
        ushort[] missing = [.. right[..47], 0xFFFF];
        Assert.Contains("row 2, column 15", OutputCheck.Fault(operands, 3, missing, shipped: null), StringComparison.Ordinal);
    }

    private static (int Status, string Output, string Error) Run(params string[] args)
    {
        using StringWriter output = new(), error = new();
        using var host = new CommandHost(output, error);
        int status = BenchCommand.Run(args, host);
        return (status, output.ToString(), error.ToString());
    }
}
