using System.Text.Json.Nodes;
using CudaSearch.Evaluation.Merging;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Evaluation.Merging;

/// <summary>Shards become one run, or it is said what keeps them from it.</summary>
public sealed class RunMergerTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void PutsRowsInOrderAndLinesAsTheyAre()
    {
        string[] a = [Record(3), Record(4)], b = [Record(2), Record(0), Record(1)];
        string output = _folder.File("merged.jsonl");
        MergeSummary merged = RunMerger.Merge([File("a", a), File("b", b)], output);
        Assert.Equal([b[1], b[2], b[0], a[0], a[1]], System.IO.File.ReadAllLines(output));
        Assert.Equal(5, merged.Problems);
        // Answers are the row's number modulo 2 and the reference is 1: rows 1 and 3.
        Assert.Equal(0.4, merged.Table.Overall[^1].Naive.Mean, 12);
    }

    [Fact]
    public void SaysWhatIsMissingAndWhatIsThereTwice() => Refused(
        ["rows 1, 4 of 0 to 4 are missing, 2 in all", "row 2 is there 2 times", "a.jsonl, line 2; ", "b.jsonl, line 1"],
        File("a", [Record(0), Record(2)]), File("b", [Record(2), Record(3)]));

    [Fact]
    public void SaysWhatDiffersOnceAFile() => Refused(
        ["b.jsonl, line 1: another run, its seed is 2", "its n is 8", "a.jsonl, line 1 it is 4"],
        File("a", [Record(0), Record(1), Record(2)]), File("b", [Record(3, seed: 2, n: 8), Record(4, seed: 2, n: 8)]));

    [Fact]
    public void AnotherDatasetIsNoShardOfThis() => Refused(
        ["its dataset is data.jsonl (other)"],
            File("a", [Record(0), Record(1), Record(2)]), File("b", [Record(3, digest: "other"), Record(4, digest: "other")]));

    [Fact]
    public void FilesThatAreNoneOrHalf()
    {
        string half = File("half", [Record(0), Record(1), Record(2), Record(3)]);
        System.IO.File.AppendAllText(half, Record(4)[..40]);
        Refused(["half.jsonl ends within a record", "row 4 of 0 to 4 is missing", "absent", "text.jsonl, line 1: not a record", "empty.jsonl holds no record"],
            half, _folder.File("absent"), _folder.Write("text.jsonl", "hello\n"), _folder.Write("empty.jsonl", ""));
    }

    [Fact]
    public void AnOutputThatExistsIsKept()
    {
        string input = File("a", [.. Enumerable.Range(0, 5).Select(row => Record(row))]), output = _folder.Write("merged.jsonl", "mine");
        Assert.Contains("exists", Assert.Throws<CudaSearchException>(() => RunMerger.Merge([input], output)).Message, StringComparison.Ordinal);
        Assert.Equal("mine", System.IO.File.ReadAllText(output));
        string lost = Path.Join(_folder.Path, "absent", "x.jsonl");
        Assert.Contains(lost, Assert.Throws<CudaSearchException>(() => RunMerger.Merge([input], lost)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ARunThatStillWritesIsRefused()
    {
        string input = File("a", [.. Enumerable.Range(0, 5).Select(row => Record(row))]);
        using FileStream writer = new(input, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Refused(["a.jsonl: cannot read it"], input);
    }

    private void Refused(string[] parts, params string[] inputs)
    {
        string output = _folder.File("merged.jsonl");
        string message = Assert.Throws<CudaSearchException>(() => RunMerger.Merge(inputs, output)).Message;
        Assert.All(parts, part => Assert.Contains(part, message));
        Assert.False(System.IO.File.Exists(output));
    }

    private string File(string name, string[] records) => _folder.Write(name + ".jsonl", string.Concat(records.Select(record => record + "\n")));

    private static string Record(int row, int seed = 1, int n = 4, string digest = "same") => new JsonObject
    {
        ["problem"] = $"p{row}", ["answer"] = "1", ["strategy"] = "beam", ["n"] = n, ["seed"] = seed, ["settings"] = "s", ["model"] = "m", ["prm"] = null,
        ["completions"] = new JsonArray($@"\boxed{{{row % 2}}}"), ["agg_scores"] = new JsonArray(0.5),
        ["row"] = row, ["dataset"] = new JsonObject { ["name"] = "data.jsonl", ["digest"] = digest, ["start"] = 0, ["end"] = 5 },
    }.ToJsonString();
}
