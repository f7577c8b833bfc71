using System.Diagnostics;
using System.Text.Json.Nodes;
using CudaSearch.Cli;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Evaluation;

/// <summary>Real processes on one output file: killed at any moment, or two at once.</summary>
public sealed class KilledRunTests : IDisposable
{
    private const int Problems = 8;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task ARunThatIsKilledAgainAndAgainEndsWithTheRecordsOfAnUnbrokenOne(int seed)
    {
        string whole = _folder.File("whole.jsonl"), broken = _folder.File("broken.jsonl");
        Assert.Equal(ExitStatus.Done, await EndOf(Start(whole)));

        var random = new Random(seed);
        int kills = 0;
        while (true)
        {
            using Process run = Start(broken);
            // Some progress a run, or this would not end; from there on at any moment, within a write too.
            long before = Length(broken);
            await Until(() => run.HasExited || Length(broken) > before);
            await Task.Delay(random.Next(0, 40), TestContext.Current.CancellationToken);
            if (run.HasExited) break;
            run.Kill();
            await run.WaitForExitAsync(TestContext.Current.CancellationToken);
            kills++;
        }
        Assert.Equal(ExitStatus.Done, await EndOf(Start(broken)));
        Assert.InRange(kills, 1, Problems + 1);
        Assert.Equal(Records(whole), Records(broken));
        Assert.Equal(Enumerable.Range(0, Problems), File.ReadLines(broken).Select(line => (int)JsonNode.Parse(line)!["row"]!));
    }

    [Fact]
    public async Task ASecondProcessOnTheSameFileIsRefusedAndTheFirstGoesOn()
    {
        string path = _folder.File("run.jsonl");
        using Process first = Start(path, problems: 350);
        try
        {
            await Until(() => first.HasExited || Length(path) > 0);
            using Process second = Start(path, problems: 350);
            string message = await second.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            Assert.Equal(ExitStatus.BadInput, await EndOf(second));
            Assert.Contains(path, message, StringComparison.Ordinal);
            long before = Length(path);
            await Until(() => Length(path) > before);
            Assert.False(first.HasExited, "the first run was over before the second began");
        }
        finally
        {
            first.Kill();
        }
    }

    private static Process Start(string output, int problems = Problems)
    {
        string program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "CudaSearch.Cli.exe" : "CudaSearch.Cli");
        Assert.SkipUnless(File.Exists(program), $"the program is not beside the tests ({program})");
        var start = new ProcessStartInfo(program) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string argument in (string[])
            ["eval", "--dataset", "tinymath", "--end", $"{problems}", "--n", "4", "--device", "cpu", "--threads", "1", "--concurrency", "2", "--output", output])
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    private static async Task<int> EndOf(Process process)
    {
        using (process)
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(s_patience);
            return process.ExitCode;
        }
    }

    private static async Task Until(Func<bool> condition)
    {
        for (var clock = Stopwatch.StartNew(); !condition(); await Task.Delay(1, TestContext.Current.CancellationToken))
            Assert.True(clock.Elapsed < s_patience, "a run made no progress");
    }

    private static long Length(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;

    /// <summary>The records without what a run measures.</summary>
    private static List<string> Records(string path) =>
    [
        .. File.ReadLines(path).Select(line =>
        {
            JsonObject record = JsonNode.Parse(line)!.AsObject();
            record.Remove("usage");
            record.Remove("command");
            return record.ToJsonString();
        }),
    ];
}
