using System.Buffers.Binary;
using CudaSearch.Cli;
using CudaSearch.Tests.Checkpoints;
using CudaSearch.Tests.Model;

namespace CudaSearch.Tests.Cli;

/// <summary>Files and models that are wrong: one message that names them, and the right exit status.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ADirectoryThatIsNoModel()
    {
        (await CliRun.OfAsync("solve", "1+1", "--model", _folder.Path)).Failed(ExitStatus.BadInput, _folder.Path, "config.json");
        (await CliRun.OfAsync("solve", "1+1", "--prm", _folder.Path)).Failed(ExitStatus.BadInput, _folder.Path, "config.json");
        (await CliRun.OfAsync("logits", "--ids", "1", "--model", _folder.File("absent"))).Failed(ExitStatus.BadInput, _folder.File("absent"));
        (await CliRun.OfAsync("tokenize", "1+1", "--model", _folder.Path)).Failed(ExitStatus.BadInput, "tokenizer.json");
    }

    [Fact]
    public async Task ATruncatedModelAndAHeaderOfAbsurdLength()
    {
        using var checkpoint = new RandomCheckpoint(new RandomModel());
        string weights = Path.Join(checkpoint.Directory, "model.safetensors");
        byte[] bytes = await File.ReadAllBytesAsync(weights, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(weights, bytes[..^100], TestContext.Current.CancellationToken);
        (await CliRun.OfAsync("logits", "--ids", "1", "--model", checkpoint.Directory)).Failed(ExitStatus.BadInput, weights);

        BinaryPrimitives.WriteInt64LittleEndian(bytes, 1L << 60);
        await File.WriteAllBytesAsync(weights, bytes, TestContext.Current.CancellationToken);
        (await CliRun.OfAsync("logits", "--ids", "1", "--model", checkpoint.Directory)).Failed(ExitStatus.BadInput, weights);
    }

    [Fact]
    public async Task AnUnreadableTokenizer()
    {
        using var checkpoint = new RandomCheckpoint(new RandomModel());
        string tokenizer = Path.Join(checkpoint.Directory, "tokenizer.json");
        await File.WriteAllTextAsync(tokenizer, "{ \"model\": ", TestContext.Current.CancellationToken);
        (await CliRun.OfAsync("generate", "1+1", "--model", checkpoint.Directory)).Failed(ExitStatus.BadInput, tokenizer);
        (await CliRun.OfAsync("tokenize", "1+1", "--model", checkpoint.Directory)).Failed(ExitStatus.BadInput, tokenizer);
    }

    [Fact]
    public async Task TextWithoutATokenizer()
    {
        using var checkpoint = new RandomCheckpoint(new RandomModel());
        (await CliRun.OfAsync("logits", "1+1", "--model", checkpoint.Directory)).Failed(ExitStatus.BadInput, "tokenizer.json", "token ids");
        (await CliRun.OfAsync("logits", "--ids", "67", "--model", checkpoint.Directory)).Failed(ExitStatus.BadInput, "67", "vocabulary");
    }

    [Fact]
    public async Task DatasetsThatAreNone()
    {
        string output = _folder.File("run.jsonl");
        string dataset = _folder.Write("data.jsonl", "{\"problem\": \"1+1\"}\n{\"exercise\": \"2+2\"}\n");
        (await CliRun.OfAsync("eval", "--dataset", dataset, "--output", output)).Failed(ExitStatus.BadInput, dataset, "line 2", "problem");
        (await CliRun.OfAsync("eval", "--dataset", _folder.File("absent"), "--output", output)).Failed(ExitStatus.BadInput, "absent");
        Assert.False(File.Exists(output));
    }

    [Fact]
    public async Task AnOutputThatCannotBeWritten()
    {
        string output = Path.Join(_folder.Path, "absent", "run.jsonl");
        (await CliRun.OfAsync("eval", "--dataset", "tinymath", "--limit", "1", "--output", output)).Failed(ExitStatus.BadInput, output);
        Assert.SkipUnless(File.Exists("/dev/full"), "there is no /dev/full here");
        (await CliRun.OfAsync("eval", "--dataset", "tinymath", "--limit", "1", "--n", "4", "--output", "/dev/full")).Failed(ExitStatus.BadInput, "/dev/full");
    }

    [Fact]
    public async Task AFullDiskUnderStandardOutput()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "there is no /dev/full here");
        using var error = new StringWriter();
        await using var output = new StreamWriter(new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0));
        output.AutoFlush = true;
        int status = await CommandLine.RunAsync(
            ["tinymath", "--count", "1"], new CommandHost(output, error), TestContext.Current.CancellationToken);
        Assert.Equal(ExitStatus.BadInput, status);
        Assert.StartsWith("cudasearch: ", error.ToString());
    }

    [Theory]
    [InlineData("{\"problem\": \"1+1\"", "line 1", "JSON")]
    [InlineData("[1]", "line 1", "object")]
    [InlineData("{\"solution\": \"2\"}", "line 1", "problem")]
    [InlineData("{\"problem\": \"1+1\", \"solution\": \"2\"}\n{\"problem\": \"1+1\"}", "line 2", "solution")]
    [InlineData("{\"problem\": \"1+1\", \"completions\": []}", "line 1", "completions")]
    [InlineData("{\"problem\": 2, \"solution\": \"2\"}", "line 1", "problem")]
    [InlineData("{\"problem\": \"\\ud800\", \"solution\": \"2\"}", "line 1")]
    public async Task SolutionsThatAreNone(string rows, params string[] parts)
    {
        string file = _folder.Write("solutions.jsonl", rows);
        (await CliRun.OfAsync("score", "--file", file)).Failed(ExitStatus.BadInput, [file, .. parts]);
        (await CliRun.WithInputAsync(rows, "score")).Failed(ExitStatus.BadInput, ["standard input", .. parts]);
    }

    [Fact]
    public async Task FilesThatCannotBeRead()
    {
        (await CliRun.OfAsync("solve", "--file", _folder.File("absent"))).Failed(ExitStatus.BadInput, "absent", "no such file");
        (await CliRun.OfAsync("solve", "--file", _folder.Path)).Failed(ExitStatus.BadInput, _folder.Path, "directory");
        (await CliRun.OfAsync("solve", " ")).Failed(ExitStatus.BadInput, "empty");
    }

    [Fact]
    public async Task TheDeviceOrTheMemoryIsNotThere()
    {
        (await CliRun.OfAsync("solve", "1+1", "--device", "cuda")).Failed(ExitStatus.DeviceUnavailable, "cuda");
        (await CliRun.OfAsync("solve", "1+1", "--memory", "1KiB")).Failed(ExitStatus.OutOfMemory, "--memory");
    }

    [Fact]
    public async Task CancellingEndsWithItsOwnStatus()
    {
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();
        foreach (string[] args in (string[][])[["solve", "1+1"], ["eval", "--dataset", "tinymath", "--output", _folder.File("run.jsonl")], ["generate", "1+1"]])
        {
            using StringWriter output = new(), error = new();
            Assert.Equal(ExitStatus.Cancelled, await CommandLine.RunAsync(args, new CommandHost(output, error), cancellation.Token));
            Assert.Contains("cudasearch: cancelled", error.ToString());
            Assert.Empty(output.ToString());
        }
    }
}
