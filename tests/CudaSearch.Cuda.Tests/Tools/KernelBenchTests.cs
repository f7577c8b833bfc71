using System.Text.Json;
using CudaSearch.Backends;
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

    [Fact]
    public void BothKernelsAttendRight()
    {
        (int status, string output, string error) = Run("--attend", "200,16", "--context", "37", "--runs", "1", "--json");
        Assert.True(status == ExitStatus.Done, $"status {status}: {error}");
        using JsonDocument document = JsonDocument.Parse(output);
        JsonElement[] sizes = [.. document.RootElement.GetProperty("attention").EnumerateArray()];
        Assert.Equal([16, 200], sizes.Select(size => size.GetProperty("rows").GetInt32()));
        foreach (JsonElement size in sizes)
        {
            JsonElement[] kernels = [.. size.GetProperty("kernels").EnumerateArray()];
            Assert.Equal("mma", kernels[0].GetProperty("kernel").GetString());
            if (!TestDevice.IsGpu) Assert.Equal("pair", Assert.Single(kernels[1..]).GetProperty("kernel").GetString());
            Assert.All(kernels, kernel => Assert.Equal(JsonValueKind.Null, kernel.GetProperty("fault").ValueKind));
            Assert.All(kernels, kernel => Assert.True(kernel.GetProperty("steady").GetBoolean() && kernel.GetProperty("of_ceiling").GetDouble() > 0));
        }
    }

    [Fact]
    public void WrongAttentionIsSeen()
    {
        using var context = new CudaContext(0);
        using var stream = new CudaStream();
        using var operands = new PrefillOperands(stream, new AttentionShape(2, 1, 64), rows: 16, context: 20);
        ushort[] right = [.. Enumerable.Range(0, 32).SelectMany(i => operands.Exact(i / 2, i % 2)).Select(element => Kernels.Rounding.ToBf16((float)element.Value))];
        Assert.Null(PrefillBench.Fault(operands, right));
        ushort[] missing = [.. right[..^1], 0xFFFF];
        Assert.Contains("row 15, head 1, element 63", PrefillBench.Fault(operands, missing), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--attend", "16", "--n", "64")]
    [InlineData("--attend", "15")]
    [InlineData("--context", "16")]
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
