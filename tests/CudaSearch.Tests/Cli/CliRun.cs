using System.Text.Json;
using CudaSearch.Cli;

namespace CudaSearch.Tests.Cli;

/// <summary>What a run of the command line left behind.</summary>
internal sealed record CliRun(int Status, string Output, string Error)
{
    /// <summary>Runs it in this process, with the standard streams of a pipe.</summary>
    public static Task<CliRun> OfAsync(params string[] args) => WithInputAsync(input: null, args);

    /// <summary>Runs it with this on standard input.</summary>
    public static async Task<CliRun> WithInputAsync(string? input, params string[] args)
    {
        using StringWriter output = new(), error = new();
        using var host = new CommandHost(output, TextWriter.Synchronized(error), input is null ? null : new StringReader(input));
        int status = await CommandLine.RunAsync(args, host, TestContext.Current.CancellationToken);
        return new CliRun(status, output.ToString(), error.ToString());
    }

    /// <summary>Standard output as the one JSON document it has to be.</summary>
    public JsonElement Json()
    {
        using JsonDocument document = JsonDocument.Parse(Output);
        return document.RootElement.Clone();
    }

    /// <summary>Asserts that it worked.</summary>
    public CliRun Done()
    {
        Assert.True(Status == ExitStatus.Done, $"status {Status}: {Error}");
        return this;
    }

    /// <summary>Asserts that it failed as it should: with this status, nothing on standard output, and a message in one line that holds each of these.</summary>
    public void Failed(int status, params string[] parts)
    {
        Assert.True(Status == status, $"status {Status}: {Error}");
        Assert.Empty(Output);
        string message = Assert.Single(Error.Split('\n'), line => line.StartsWith("cudasearch: ", StringComparison.Ordinal));
        Assert.All(parts, part => Assert.Contains(part, message));
        Assert.DoesNotContain("   at ", Error);
    }
}
