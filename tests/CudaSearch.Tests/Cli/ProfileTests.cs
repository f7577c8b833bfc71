using System.Text.Json;
using CudaSearch.Cli;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Cli;

/// <summary>The command <c>profile</c> on the CPU: its documents, its timeline, and what it refuses.</summary>
public sealed class ProfileTests : IDisposable
{
    private static readonly string[] s_small = ["profile", "--device", "cpu", "--batch", "2", "--prefix", "32", "--own", "3", "--prefill", "20", "--passes", "1"];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task APassIsTakenApartOperationByOperation()
    {
        JsonElement document = (await CliRun.OfAsync([.. s_small, "--json"])).Done().Json();
        Assert.Equal("tinymath, random weights", document.GetProperty("model").GetString());
        JsonElement[] passes = [.. document.GetProperty("passes").EnumerateArray()];
        Assert.Equal(["prefill", "decode", "decode"], passes.Select(pass => pass.GetProperty("pass").GetString()));
        Assert.Equal([true, true, false], passes.Select(pass => pass.GetProperty("sharing").GetBoolean()));
        Assert.All(passes, pass =>
        {
            Assert.True(pass.GetProperty("seconds").GetDouble() > 0);
            double sum = 0, flops = 0;
            foreach (JsonElement kernel in pass.GetProperty("kernels").EnumerateArray())
            {
                sum += kernel.GetProperty("seconds").GetDouble();
                flops += kernel.GetProperty("flops").GetDouble();
                Assert.True(kernel.GetProperty("launches").GetInt32() > 0 && kernel.GetProperty("bytes").GetDouble() > 0);
                Assert.Equal(kernel.GetProperty("bytes").GetDouble() / kernel.GetProperty("seconds").GetDouble(), kernel.GetProperty("bytes_per_second").GetDouble());
                if (pass.TryGetProperty("ceilings", out _)) Assert.Matches("^(memory|compute)$", kernel.GetProperty("bound").GetString());
            }
            Assert.Equal(pass.GetProperty("kernel_seconds").GetDouble(), sum, tolerance: 1e-9);
            Assert.Equal(pass.GetProperty("flops").GetDouble(), flops, tolerance: 0.5);
            Assert.Equal(pass.GetProperty("observed_seconds").GetDouble() - sum, pass.GetProperty("observed_gap_seconds").GetDouble(), tolerance: 1e-9);
            Assert.Equal(pass.GetProperty("seconds").GetDouble() - sum, pass.GetProperty("gap_seconds").GetDouble(), tolerance: 1e-9);
        });
    }

    [Fact]
    public async Task TheTableNamesEveryOperationAndTheWholePass()
    {
        string output = (await CliRun.OfAsync(s_small)).Done().Output;
        foreach (string line in (string[])["project_append ", "linear_add ", "gated_linear ", "attend ", "rms_norm ", "embed ", "linear_sample ", "all kernels", "between them", "as it runs"])
            Assert.Equal(3, output.Split('\n').Count(text => text.StartsWith(line, StringComparison.Ordinal)) / (line == "linear_add " ? 2 : 1));
        Assert.Contains("decode of 2 sequences, 32 tokens shared and 3 of their own, sharing off", output);
    }

    [Fact]
    public async Task TheTimelineIsOneTrackOfCompleteEvents()
    {
        string file = _folder.File("trace.json");
        (await CliRun.OfAsync([.. s_small, "--trace", file])).Done();
        using JsonDocument document = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        JsonElement[] events = [.. document.RootElement.GetProperty("traceEvents").EnumerateArray()];
        Assert.Equal(["process_name", "thread_name"], events.Where(e => Text(e, "ph") == "M").Select(e => Text(e, "name")));
        JsonElement[] complete = [.. events.Where(e => Text(e, "ph") == "X")];
        Assert.Equal(events.Length, complete.Length + 2);
        Assert.Single(events.Select(e => (e.GetProperty("pid").GetInt32(), e.GetProperty("tid").GetInt32())).Distinct());
        // A pass encloses its operations, which do not overlap; one pass follows another.
        double passEnd = 0, end = 0;
        foreach (JsonElement e in complete)
        {
            double start = e.GetProperty("ts").GetDouble(), stop = start + e.GetProperty("dur").GetDouble();
            JsonElement arguments = e.GetProperty("args");
            Assert.True(arguments.GetProperty("bytes").GetDouble() > 0 && arguments.GetProperty("flops").GetDouble() >= 0);
            Assert.True(start >= end - 0.002, "events overlap");
            if (Text(e, "cat") == "pass") (passEnd, end) = (stop, start);
            else
            {
                Assert.True(stop <= passEnd + 0.002, "an operation reaches beyond its pass");
                end = stop;
            }
        }
        Assert.Equal(3, complete.Count(e => Text(e, "cat") == "pass"));

        static string? Text(JsonElement e, string name) => e.GetProperty(name).GetString();
    }

    [Fact]
    public async Task OneKernelRunsOverSizes()
    {
        CliRun run = (await CliRun.OfAsync("profile", "--device", "cpu", "--passes", "1", "--json", "--kernel", "linear", "--sweep", "m=1,3", "n=32,64", "k=64")).Done();
        JsonElement[] points = [.. run.Json().GetProperty("points").EnumerateArray()];
        Assert.Equal([(1, 32), (1, 64), (3, 32), (3, 64)], points.Select(point => (point.GetProperty("m").GetInt32(), point.GetProperty("n").GetInt32())));
        // float32 activations, bf16 weights.
        Assert.Equal(points.Select(Bytes), points.Select(point => point.GetProperty("bytes").GetDouble()));
        Assert.Contains("cuBLAS", run.Error);

        static double Bytes(JsonElement point)
        {
            double m = point.GetProperty("m").GetInt32(), n = point.GetProperty("n").GetInt32();
            return m * 64 * 4 + n * 64 * 2 + m * n * 4;
        }
    }

    [Fact]
    public async Task AttentionRunsWithSharingOnAndOff()
    {
        string output = (await CliRun.OfAsync(
            "profile", "--device", "cpu", "--passes", "1", "--kernel", "attend", "--sweep", "batch=4", "prefix=64", "own=0", "heads=4", "kv_heads=2", "head_dim=16")).Done().Output;
        Assert.Matches(@"(?m)^ +4 +64 +0 +4 +2 +16 +on .* attend$", output);
        Assert.Matches(@"(?m)^ +4 +64 +0 +4 +2 +16 +off .* attend$", output);
    }

    [Theory]
    [InlineData("--kernel matmul", "--kernel is matmul; it must be one of linear, gated_linear, attend, rms_norm, sample")]
    [InlineData("--kernel linear --sweep q=4", "--sweep has q=4; linear takes m=1, n=4096, k=4096")]
    [InlineData("--kernel linear --sweep m", "--sweep has m;")]
    [InlineData("--kernel linear --sweep m=", "a value is missing")]
    [InlineData("--kernel linear --sweep m=0", "0 is no size")]
    [InlineData("--kernel linear --sweep m=1,2 m=4", "--sweep has m twice")]
    [InlineData("--kernel linear --sweep m=1,2,...,9", "does not lead to 9")]
    [InlineData("--kernel linear --sweep m=4,6,...,9", "does not lead to 9")]
    [InlineData("--kernel linear --sweep m=...,9", "... is no size")]
    [InlineData("--kernel attend --sweep heads=6 kv_heads=4", "heads is 6", "kv_heads, 4")]
    [InlineData("--kernel attend --sweep head_dim=33", "head_dim is 33")]
    [InlineData("--kernel sample --sweep m=4097", "m is 4097", "4096")]
    [InlineData("--sweep m=1", "--sweep needs --kernel")]
    [InlineData("--kernel linear --trace x.json", "--trace is for whole passes")]
    [InlineData("--shape llama-3.2-1b --model tinymath", "--model or --shape")]
    [InlineData("--shape llama-4", "--shape is llama-4", "llama-3.2-1b")]
    [InlineData("--batch 1,x", "--batch holds x")]
    [InlineData("--passes 0", "--passes is 0")]
    public async Task IsRefused(string line, params string[] parts) =>
        (await CliRun.OfAsync(["profile", "--device", "cpu", .. line.Split(' ')])).Failed(ExitStatus.Usage, parts);
}
