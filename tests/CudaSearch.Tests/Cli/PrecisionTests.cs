using System.Text.Json;
using CudaSearch.Backends.Cpu;
using CudaSearch.Cli;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Cli;

/// <summary>What models are kept in: results say it, and runs are told apart by it.</summary>
public sealed class PrecisionTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ResultsNameWhatRan()
    {
        RequireNative();
        string[] args = ["solve", "Add 5 and 3.", "--strategy", "beam", "--n", "2", "--device", "cpu", "--json"];
        string plain = await DeviceAsync(args);
        Assert.Equal($"{plain}, fp8 weights, fp8 KV", await DeviceAsync([.. args, "--weights", "fp8", "--kv", "fp8"]));
        Assert.Equal($"{plain}, fp8 KV", await DeviceAsync([.. args, "--kv", "fp8"]));
        Assert.Equal($"{plain}, generator: as stored, PRM: fp8 weights and fp8 KV", await DeviceAsync([.. args, "--prm-weights", "fp8", "--prm-kv", "fp8"]));
        Assert.Equal($"{plain}, generator: fp8 weights, PRM: as stored", await DeviceAsync([.. args, "--weights", "fp8", "--prm-weights", "stored"]));
        Assert.EndsWith(", fp8 KV", await DeviceAsync("logits", "--ids", "1,2", "--kv", "fp8", "--device", "cpu", "--json"));
        Assert.EndsWith(", fp8 weights", await DeviceAsync("bench", "--weights", "fp8", "--device", "cpu", "--batch", "1", "--prefix", "16", "--own", "1", "--prefill", "16", "--passes", "1", "--json"));

        static async Task<string> DeviceAsync(params string[] args) => (await CliRun.OfAsync(args)).Done().Json().GetProperty("device").GetString()!;
    }

    [Fact]
    public async Task ARunIsNotContinuedInAnotherPrecision()
    {
        RequireNative();
        string output = _folder.File("run.jsonl");
        string[] args = ["eval", "--dataset", "tinymath", "--n", "2", "--limit", "1", "--device", "cpu", "--output", output];
        (await CliRun.OfAsync([.. args, "--kv", "fp8", "--prm-weights", "fp8"])).Done();
        using (JsonDocument record = JsonDocument.Parse(await File.ReadAllTextAsync(output, TestContext.Current.CancellationToken)))
        {
            Assert.EndsWith(" kv=fp8 prm-weights=fp8 prm-kv=fp8", record.RootElement.GetProperty("settings").GetString());
            Assert.EndsWith(", generator: fp8 KV, PRM: fp8 weights and fp8 KV", record.RootElement.GetProperty("device").GetString());
        }
        foreach (string[] others in (string[][])[[], ["--kv", "fp8"], ["--kv", "fp8", "--prm-weights", "fp8", "--prm-kv", "native"], ["--weights", "fp8", "--kv", "fp8"]])
            (await CliRun.OfAsync([.. args, .. others])).Failed(ExitStatus.BadInput, "its settings is");
        (await CliRun.OfAsync([.. args, "--kv", "fp8", "--prm-weights", "fp8"])).Done();
    }

    [Theory]
    [InlineData("--weights", "fp4")]
    [InlineData("--kv", "int8")]
    [InlineData("--prm-weights", "")]
    public async Task OthersAreRefused(string option, string value) =>
        (await CliRun.OfAsync("solve", "x", option, value)).Failed(ExitStatus.Usage, option, value);

    [Fact]
    public async Task AKernelWithoutWeightsInFp8SaysSo() =>
        (await CliRun.OfAsync("profile", "--kernel", "sample", "--device", "cpu", "--weights", "fp8")).Failed(ExitStatus.BadInput, "sample", "gated_linear");

    [Theory]
    [InlineData("linear")]
    [InlineData("gated_linear")]
    public async Task AKernelRunsAloneWithWeightsInFp8(string kernel)
    {
        RequireNative();
        string[] args = ["profile", "--kernel", kernel, "--device", "cpu", "--passes", "1", "--json", "--sweep", "m=2", "n=64", "k=128"];
        JsonElement point = (await CliRun.OfAsync([.. args, "--weights", "fp8"])).Done().Json().GetProperty("points")[0];
        Assert.Contains(kernel, point.GetProperty("name").GetString(), StringComparison.Ordinal);
        Assert.True(point.GetProperty("seconds").GetDouble() > 0 && point.GetProperty("floor_seconds").GetDouble() > 0);
    }

    private static void RequireNative() =>
        Assert.SkipWhen(CpuBackend.NativeLibrary is null, $"fp8 weights need the native library: {CpuBackend.NativeFault}");
}
