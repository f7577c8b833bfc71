using System.Collections;
using System.Text.Json;
using System.Text.Json.Nodes;
using CudaSearch.Cli;
using CudaSearch.Tests.Checkpoints;
using CudaSearch.Tests.Evaluation.Export;
using Parquet.Serialization;
using YamlDotNet.RepresentationModel;

namespace CudaSearch.Tests.Cli;

public sealed class ExportTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("sft", "messages")]
    [InlineData("sft --layout prompt-completion", "prompt,completion")]
    [InlineData("prm", "prompt,completions,labels")]
    [InlineData("prm --labels soft", "prompt,completions,labels")]
    [InlineData("preference --margin 0.3", "prompt,chosen,rejected")]
    public async Task ParquetHoldsWhatTheJsonLinesHold(string format, string columns)
    {
        string run = _folder.Write("run.jsonl", string.Concat(Enumerable.Range(0, 60).Select(Record)));
        string folder = _folder.File("data");
        (await CliRun.OfAsync(["export", run, "--format", .. format.Split(' '), "-o", folder, "--validation", "0.3"])).Done();
        int total = 0;
        foreach (string split in (string[])["train", "validation"])
        {
            JsonNode[] lines = [.. File.ReadAllLines(Path.Combine(folder, split + ".jsonl")).Select(line => JsonNode.Parse(line)!)];
            Assert.NotEmpty(lines);
            Assert.All(lines, line => Assert.Equal(columns.Split(','), line.AsObject().Select(column => column.Key)));
            JsonNode[] rows = await ReadParquetAsync(Path.Combine(folder, split + ".parquet"));
            Assert.Equal(lines.Length, rows.Length);
            Assert.All(lines.Zip(rows), pair => Assert.True(JsonNode.DeepEquals(pair.First, pair.Second), $"{pair.First.ToJsonString()}\n{pair.Second.ToJsonString()}"));
            total += lines.Length;
        }
        string card = await File.ReadAllTextAsync(Path.Combine(folder, "README.md"), TestContext.Current.CancellationToken);
        Assert.Contains($"cudasearch export {run} --format {format} -o {folder} --validation 0.3", card);
        Assert.Contains("run.jsonl: best-of-n, n 4, seed 1, made-up judged by made-up", card);
        using var frontMatter = new StringReader(card.Split("---\n")[1]);
        var yaml = new YamlStream();
        yaml.Load(frontMatter);
        var files = (YamlSequenceNode)yaml.Documents[0].RootNode["configs"][0]["data_files"];
        Assert.Equal(["train", "validation"], files.Select(file => (string)file["split"]!));
        Assert.All(files, file => Assert.True(File.Exists(Path.Combine(folder, (string)file["path"]!))));
        Assert.True(total > 60 * 0.9 || format == "sft", $"{total} examples");
    }

    [Fact]
    public async Task SoftLabelsStayNumbersEvenWhereTheyAreWhole()
    {
        string run = _folder.Write("run.jsonl", string.Concat(Enumerable.Range(0, 5).Select(Record)));
        (await CliRun.OfAsync("export", run, "--format", "prm", "--labels", "soft", "-o", _folder.File("data"), "--validation", "0")).Done();
        string[] lines = await File.ReadAllLinesAsync(_folder.File("data/train.jsonl"), TestContext.Current.CancellationToken);
        IEnumerable<string> labels = lines.SelectMany(line => JsonDocument.Parse(line).RootElement.GetProperty("labels").EnumerateArray().Select(label => label.GetRawText()));
        Assert.All(labels, label => Assert.Matches(@"^[01]\.\d+$", label));
    }

    [Fact]
    public async Task AnExportIsNeverOverwritten()
    {
        string run = _folder.Write("run.jsonl", Record(1));
        string[] command = ["export", run, "--format", "sft", "-o", _folder.File("data"), "--validation", "0"];
        (await CliRun.OfAsync(command)).Done();
        (await CliRun.OfAsync(command)).Failed(ExitStatus.BadInput, "README.md already", "choose another folder");
    }

    [Fact]
    public async Task WhatGivesNothingIsSaid()
    {
        string wrong = _folder.Write("wrong.jsonl", RunWriter.Record(0, "p", "5", [RunWriter.Solution("4", "a")], [0.5]) + "\n");
        (await CliRun.OfAsync("export", wrong, "--format", "sft", "-o", _folder.File("data"))).Failed(ExitStatus.BadInput, "no solution in these runs is right");
        string broken = _folder.Write("broken.jsonl", Record(1) + "{\"problem\":");
        (await CliRun.OfAsync("export", broken, "--format", "sft", "-o", _folder.File("data"))).Failed(ExitStatus.BadInput, "broken.jsonl, line 2");
        (await CliRun.OfAsync("export", _folder.File("none.jsonl"), "--format", "sft", "-o", _folder.File("data"))).Failed(ExitStatus.BadInput, "none.jsonl");
        Assert.False(Directory.Exists(_folder.File("data")));
    }

    [Fact]
    public async Task ARunOfTheEmbeddedPairBecomesData()
    {
        string run = _folder.File("run.jsonl");
        (await CliRun.OfAsync("eval", "--dataset", "tinymath", "--limit", "6", "-n", "4", "--record-tree", "-o", run)).Done();
        JsonElement counts = (await CliRun.OfAsync("export", run, "--format", "prm", "-o", _folder.File("data"), "--validation", "0", "--json")).Done().Json();
        Assert.True(counts.GetProperty("train").GetInt32() >= 6);
        (await CliRun.OfAsync("export", run, "--format", "prm", "-o", _folder.File("other"), "--exclude", "tinymath")).Failed(ExitStatus.BadInput, "no finished solution");
    }

    /// <summary>Texts with what JSON, YAML and Parquet have to get right.</summary>
    private static string Record(int i) => RunWriter.Record(
        i, $"Problem {i}: \"<b>\" 'é' — 数学 🎲\\frac{{1}}{{2}}\nsecond line", "7",
        [RunWriter.Solution("7", "a", $"b{i % 3} \"q\" \\n 🎲"), RunWriter.Solution("8", "a", "c"), RunWriter.Solution("7", "d"), RunWriter.Solution("9", "e\ttab")],
        [0.9, 0.5, 0.25, 0.1]) + "\n";

    private static async Task<JsonNode[]> ReadParquetAsync(string path)
    {
        await using FileStream file = File.OpenRead(path);
        // Untyped, so that the test does not share the writer's classes.
        var read = await ParquetSerializer.DeserializeUntypedAsync(file, cancellationToken: TestContext.Current.CancellationToken);
        return [.. read.Data.Select(row => ToJson(row)!)];
    }

    private static JsonNode? ToJson(object? value) => value switch
    {
        null => null,
        string text => text,
        ReadOnlyMemory<char> text => text.ToString(),
        bool flag => flag,
        double number => number,
        IDictionary<string, object?> fields => new JsonObject(fields.Select(field => KeyValuePair.Create(field.Key, ToJson(field.Value)))),
        IEnumerable items => new JsonArray([.. items.Cast<object?>().Select(ToJson)]),
        _ => throw new InvalidOperationException($"a {value.GetType()} in Parquet"),
    };
}
