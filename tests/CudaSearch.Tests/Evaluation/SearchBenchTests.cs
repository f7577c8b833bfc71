using System.Text.Json;
using CudaSearch.Engine;
using CudaSearch.Evaluation.Throughput;
using CudaSearch.Tests.Cli;

namespace CudaSearch.Tests.Evaluation;

/// <summary>Whole searches by the clock, and what is made of the times of their passes.</summary>
public sealed class SearchBenchTests
{
    // A beam that comes too late for a step's first pass is a pass behind.
    private const int Stragglers = 3;

    [Fact]
    public async Task OnTheProcessorTheLaunchIsThePassItself()
    {
        string[] search = ["bench", "--search", "beam", "--device", "cpu", "-n", "4", "--beam-width", "2", "--steps", "3", "--step-tokens", "5", "--prefix", "20", "--searches", "1"];
        JsonElement document = (await CliRun.OfAsync([.. search, "--json"])).Done().Json();
        Assert.Equal((4, 3), (document.GetProperty("n").GetInt32(), document.GetProperty("steps").GetInt32()));
        foreach (JsonElement timing in document.GetProperty("searches").EnumerateArray())
        {
            Assert.InRange(timing.GetProperty("generator_passes").GetInt32(), 1 + 3 * 5, 1 + 3 * (5 + Stragglers));
            Assert.Equal(JsonValueKind.Null, timing.GetProperty("host_seconds_a_pass").GetProperty("launch").ValueKind);
            Assert.Equal(JsonValueKind.Null, timing.GetProperty("decode_idle_share").ValueKind);
        }
        Assert.Contains("host, us a pass", (await CliRun.OfAsync(search)).Done().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BothModelsAreKeptInWhatIsSaid()
    {
        string[] search = ["bench", "--search", "beam", "--device", "cpu", "-n", "2", "--beam-width", "2", "--steps", "1", "--step-tokens", "3", "--prefix", "20", "--searches", "1", "--sharing", "on"];
        JsonElement document = (await CliRun.OfAsync([.. search, "--weights", "fp8", "--prm-kv", "fp8", "--json"])).Done().Json();
        Assert.EndsWith(", generator: fp8 weights, PRM: fp8 weights and fp8 KV", document.GetProperty("device").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASearchThatTheContextCannotHoldIsRefused() =>
        Assert.Contains("8192", (await CliRun.OfAsync("bench", "--search", "beam", "--device", "cpu", "--steps", "200")).Error, StringComparison.Ordinal);

    // A generator's passes from 0 to 1, 2 to 3 and 6 to 7, a judge's from 2.5 to 4: idle from 1 to 2 and from 4 to 6.
    [Fact]
    public void ADeviceIsIdleWhereItIsAtNoPass()
    {
        PassSample[] generator = [Pass(0, 1), Pass(2, 3) with { Follows = true }, Pass(6, 7) with { Follows = true }];
        var busy = new BusyTime(generator.Append(Pass(2.5, 4)));
        Assert.Equal(3.0 / 7, busy.IdleShare, 1e-9);
        Assert.Equal(3.0 / 6, busy.IdleShareBetween(generator)!.Value, 1e-9);
        generator[2] = generator[2] with { Follows = false };
        Assert.Equal(1.0 / 2, busy.IdleShareBetween(generator)!.Value, 1e-9);
        Assert.Null(busy.IdleShareBetween([.. generator.Take(1)]));
    }

    private static PassSample Pass(double begin, double end) => new() { Begin = begin, End = end };
}
