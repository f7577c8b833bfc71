using System.Text.Json;
using CudaSearch.Cuda.Tests.Support;
using CudaSearch.Tests.Cli;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>The command <c>bench --search</c> on the device: whole searches by the clock of the device.</summary>
public sealed class SearchBenchTests : IDisposable
{
    private const int Stragglers = 3;

    private readonly string? _kernels = Environment.GetEnvironmentVariable(KernelImages.Variable);

    public SearchBenchTests()
    {
        TestDevice.Select();
        if (TestDevice.PlainKernels is { } plain) Environment.SetEnvironmentVariable(KernelImages.Variable, plain);
    }

    public void Dispose() => Environment.SetEnvironmentVariable(KernelImages.Variable, _kernels);

    [Fact]
    public async Task AWholeSearchIsTimed()
    {
        JsonElement document = (await CliRun.OfAsync(
            "bench", "--search", "beam", "--device", "cuda", "-n", "4", "--beam-width", "2", "--steps", "2", "--step-tokens", "5", "--prefix", "20", "--prm-prefix", "30",
            "--searches", "1", "--json")).Done().Json();
        JsonElement[] searches = [.. document.GetProperty("searches").EnumerateArray()];
        Assert.Equal([true, false], searches.Select(search => search.GetProperty("sharing").GetBoolean()));
        foreach (JsonElement search in searches)
        {
            Assert.True(search.GetProperty("seconds").GetDouble() > search.GetProperty("floor_seconds").GetDouble());
            // The prompt, and a pass for each token of two steps; a beam that comes too late for the first is a pass behind.
            Assert.InRange(search.GetProperty("generator_passes").GetInt32(), 1 + 2 * 5, 1 + 2 * (5 + Stragglers));
            // Four answers, two steps of 5 and 11 tokens each, once if two are alike; the last token of what they share may be computed anew for each.
            Assert.InRange(search.GetProperty("prm_tokens").GetInt64(), 30 + 2 * 16, 30 + 4 * (2 * 16 + 1));
            Assert.InRange(search.GetProperty("idle_share").GetDouble(), 0, 1);
            Assert.InRange(search.GetProperty("decode_idle_share").GetDouble(), 0, 1);
            Assert.All(search.GetProperty("host_seconds_a_pass").EnumerateObject(), part => Assert.True(part.Value.GetDouble() > 0, part.Name));
        }
    }
}
