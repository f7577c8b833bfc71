using System.Text.Json;
using CudaSearch.Cuda.Tests.Support;
using CudaSearch.Tests.Checkpoints;
using CudaSearch.Tests.Cli;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>The command <c>profile</c> on the device.</summary>
public sealed class ProfileCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string? _kernels = Environment.GetEnvironmentVariable(KernelImages.Variable);

    public ProfileCommandTests()
    {
        TestDevice.Select();
        if (TestDevice.PlainKernels is { } plain) Environment.SetEnvironmentVariable(KernelImages.Variable, plain);
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(KernelImages.Variable, _kernels);
        _folder.Dispose();
    }

    [Fact]
    public async Task APassIsTakenApartKernelByKernel()
    {
        string trace = _folder.File("trace.json");
        JsonElement document = (await CliRun.OfAsync(
            "profile", "--device", "cuda", "--batch", "2", "--prefix", "64", "--own", "3", "--prefill", "40", "--passes", "1", "--json", "--trace", trace)).Done().Json();
        Assert.Equal("cuda", document.GetProperty("backend").GetString());
        JsonElement[] passes = [.. document.GetProperty("passes").EnumerateArray()];
        Assert.Equal(["prefill", "decode", "decode"], passes.Select(pass => pass.GetProperty("pass").GetString()));
        foreach (JsonElement pass in passes)
        {
            string[] names = [.. pass.GetProperty("kernels").EnumerateArray().Select(kernel => kernel.GetProperty("name").GetString()!)];
            Assert.Contains(pass.GetProperty("pass").GetString() == "prefill" ? "attend_prefill_bf16_d64" : "attend_ranges_bf16_d64", names);
            Assert.Contains("rms_norm_bf16", names);
            Assert.True(pass.GetProperty("ceilings").GetProperty("copied_bytes_per_second").GetDouble() > 0);
            Assert.True(pass.GetProperty("floor_seconds").GetDouble() > 0);
        }
        using JsonDocument timeline = JsonDocument.Parse(await File.ReadAllTextAsync(trace, TestContext.Current.CancellationToken));
        int launches = passes.Sum(pass => pass.GetProperty("kernels").EnumerateArray().Sum(kernel => kernel.GetProperty("launches").GetInt32()));
        Assert.Equal(launches, timeline.RootElement.GetProperty("traceEvents").EnumerateArray().Count(e => e.TryGetProperty("cat", out JsonElement cat) && cat.GetString() == "kernel"));
    }

    [Theory]
    [InlineData("linear", "m=1,2,4,...,16 n=64 k=128", 5, "linear_bf16_m16n16")]
    [InlineData("gated_linear", "m=3 n=64,128 k=64", 2, "gated_linear_bf16_m16n16")]
    [InlineData("rms_norm", "m=2 n=192", 1, "rms_norm_bf16")]
    [InlineData("sample", "m=2 n=300 k=64", 1, "linear_sample_bf16_m16n16")]
    [InlineData("attend", "batch=2 prefix=64 own=0,5 heads=4 kv_heads=2 head_dim=64", 4, "attend_ranges_bf16_d64")]
    public async Task OneKernelRunsOverSizes(string kernel, string sizes, int points, string name)
    {
        CliRun run = (await CliRun.OfAsync(["profile", "--device", "cuda", "--passes", "1", "--json", "--kernel", kernel, "--sweep", .. sizes.Split(' ')])).Done();
        JsonElement[] all = [.. run.Json().GetProperty("points").EnumerateArray()];
        Assert.Equal(points, all.Length);
        Assert.All(all, point => Assert.Equal(name, point.GetProperty("name").GetString()));
        Assert.All(all, point => Assert.True(point.GetProperty("seconds").GetDouble() > 0 && point.GetProperty("floor_seconds").GetDouble() > 0));
        if (kernel is "linear" or "gated_linear" && run.Json().GetProperty("peer").ValueKind == JsonValueKind.Null)
            Assert.Contains("nothing to compare with: cuBLAS", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("linear", "linear_add_f32_e4m3_m16n16")]
    [InlineData("gated_linear", "gated_linear_bf16_e4m3_m16n16")]
    public async Task OneKernelRunsWithWeightsInFp8(string kernel, string name)
    {
        CliRun run = (await CliRun.OfAsync(
            "profile", "--device", "cuda", "--passes", "1", "--json", "--kernel", kernel, "--weights", "fp8", "--sweep", "m=3", "n=64", "k=128")).Done();
        JsonElement point = Assert.Single(run.Json().GetProperty("points").EnumerateArray());
        Assert.Equal(name, point.GetProperty("name").GetString());
        Assert.True(point.GetProperty("seconds").GetDouble() > 0 && point.GetProperty("floor_seconds").GetDouble() > 0);
    }
}
