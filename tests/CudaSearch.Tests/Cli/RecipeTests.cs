using System.Text.Json.Nodes;
using CudaSearch.Cli;
using CudaSearch.Evaluation.Recipes;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Cli;

/// <summary>Recipes through the command line: what they set, what beats them, and everything that can be wrong with them.</summary>
public sealed class RecipeTests : IDisposable
{
    private const string Tiny = "model_path: tinymath\nprm_path: tinymath\ndataset_name: tinymath\nnum_samples: 2\n";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ARecipeSetsWhatItSaysAndSearchAndLearnsDefaultsTheRest()
    {
        string recipe = _folder.Write(
            "r.yaml",
            Tiny + "num_iterations: 12\nagg_strategy: min\nsort_completed: true\nfilter_duplicates: false\nseed: 7\nmax_tokens: 300\n"
            + "concurrency: 1\nnum_proc: 3\n");
        CliRun run = (await CliRun.OfAsync("eval", "--recipe", recipe, "--output", _folder.File("out.jsonl"))).Done();
        Assert.Equal("num_proc is ignored: votes are counted while the search runs",
            Assert.Single(run.Error.Split('\n'), line => line.Contains("ignored", StringComparison.Ordinal)));
        JsonNode record = Records("out.jsonl")[1];
        Assert.Equal(("best-of-n", 4, 7), ((string)record["strategy"]!, (int)record["n"]!, (int)record["seed"]!));
        Assert.StartsWith(
            "beam-width=4 iterations=12 lookahead=0 aggregate=min temperature=0.8 top-p=1 top-k=0 min-p=0 max-tokens=300 sort-completed",
            (string)record["settings"]!, StringComparison.Ordinal);
        Assert.Equal(2, Records("out.jsonl").Length);
    }

    [Fact]
    public async Task TheCommandLineBeatsTheRecipeHoweverItIsWritten()
    {
        string recipe = _folder.Write("r.yaml", Tiny + "system_prompt: null\nn: 4\nbeam_width: 4\ntemperature: 0.3\nsort_completed: true\napproach: dvts\n");
        (await CliRun.OfAsync(
            "eval", "--recipe=" + recipe, "-n", "2", "--beam_width=2", "--num-samples", "1",
                "--sort_completed=False", "--filter_duplicates", "--approach", "beam_search", "--output_dir", _folder.File("out"))).Done();
        JsonNode record = Assert.Single(Records("out/beam_search_completions.jsonl"));
        Assert.Equal(("beam", 2), ((string)record["strategy"]!, (int)record["n"]!));
        Assert.Contains("beam-width=2 ", (string)record["settings"]!, StringComparison.Ordinal);
        Assert.Contains("temperature=0.3", (string)record["settings"]!, StringComparison.Ordinal);
        Assert.EndsWith(" filter-duplicates system-prompt=none", (string)record["settings"]!, StringComparison.Ordinal);
        // Null takes the recipe's limit away; the shard keeps this short.
        (await CliRun.OfAsync(
            "eval", "--recipe", recipe, "--num_samples", "none", "--shard", "350/350", "-n", "4",
            "--output", _folder.File("last.jsonl"))).Done();
        Assert.Equal(349, (int)Assert.Single(Records("last.jsonl"))["row"]!);
    }

    [Fact]
    public async Task EveryFaultIsSaidAtOnceInTheOrderOfItsLine()
    {
        string recipe = _folder.Write("bad.yaml",
            "approch: beam_search\nn: many\nnum_iterations: 0\nsort_completed: yes\nn: 4\nlookahead: [1]\n"
            + "push_to_hub: true\nnum_proc: 0\ngpu_memory_utilization: 1.5\n"
            + "custom_chat_template: \"{% x %}\"\njson: maybe\ntop_p: 2\nmodel_path:\n");
        CliRun run = await CliRun.OfAsync("eval", "--recipe", recipe, "--seed", "x", "--top_q=3", "--limit", "0", "--top_p", "0.5");
        Assert.Equal(ExitStatus.BadInput, run.Status);
        string[] lines = run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("cudasearch: 16 settings are wrong:", lines[0]);
        string[] expected =
        [
            "line 1: there is no setting approch; did you mean approach?",
                "line 2: n is many; it must be a whole number", "line 3: num_iterations is 0;",
                "line 4: sort_completed is yes; it must be true or false",
            "line 5: n is given twice; it is on line 2", "line 6: lookahead has to be a single value, but is a list",
                "line 7: push_to_hub is true, but nothing is uploaded",
                "line 8: num_proc is 0;",
            "line 9: gpu_memory_utilization is 1.5;", "line 10: custom_chat_template holds a template",
                "line 11: json is maybe; it must be true or false", "line 12: top_p is 2;",
                "line 13: model_path needs a value",
        ];
        Assert.Equal(expected.Length + 4, lines.Length);
        foreach ((string part, string line) in expected.Zip(lines.Skip(1))) Assert.StartsWith($"  {recipe}, {part}", line, StringComparison.Ordinal);
        Assert.Equal(
            ["  --limit is 0; it must be a whole number, 1 or greater",
            "  --seed is x; it must be a whole number from 0 to 18446744073709551615",
            "  there is no option --top_q; did you mean --top_p?"],
            lines.TakeLast(3).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("--approach guess", "--approach is guess", "beam")]
    [InlineData("--strategy", "--strategy")]
    [InlineData("--agg_strategy --n 4", "--agg_strategy needs a value")]
    [InlineData("--approach beam_search --strategy dvts", "--approach and --strategy set the same")]
    [InlineData("--num_samples 3 --num-samples 4", "given 2 times")]
    [InlineData("--num_samples 3 --limit 4", "--num_samples and --limit set the same")]
    [InlineData("--sort_completed --top_p 2", "--top_p is 2")]
    [InlineData("--push_to_hub", "--push_to_hub is true")]
    [InlineData("--compat vllm", "--compat is vllm", "search-and-learn")]
    [InlineData("--shard 3/2", "--shard is 3/2")]
    [InlineData("--column problem", "--column problem")]
    [InlineData("--datset x", "--datset", "did you mean --dataset?")]
    public async Task WrongArgumentsAreUsageErrors(string line, params string[] parts)
    {
        CliRun run = await CliRun.OfAsync(["eval", "--dataset", "tinymath", "--output", _folder.File("x"), .. line.Split(' ')]);
        run.Failed(ExitStatus.Usage, parts);
        Assert.Contains("try: cudasearch eval --help", run.Error);
    }

    [Fact]
    public async Task EveryFieldHasItsOptionAndIsDocumented()
    {
        string help = (await CliRun.OfAsync("eval", "--help")).Done().Output;
        Assert.All(RecipeFields.All.Where(field => field.Option is not null), field => Assert.Matches($@"\s--?{field.Option![2..]}\s", help));
        string documentation = File.ReadAllText(Path.Join(Checkout.Root, "docs", "search-and-learn.md"));
        Assert.All(RecipeFields.All, field => Assert.Contains($"`{field.Name}`", documentation));
    }

    [Fact]
    public async Task ARecipeThatIsNotThere() => (await CliRun.OfAsync("eval", "--recipe", "Llama-3.2-1B-Instruct/beamsearch")).Failed(
        ExitStatus.BadInput, "there is no such file", "did you mean Llama-3.2-1B-Instruct/beam_search?");

    [Fact]
    public async Task WhatARecipeNamesAndIsNotHereIsSaidAtOnce()
    {
        CliRun run = await CliRun.OfAsync("eval", "--recipe", "AceMath-7B-Instruct/dvts", "--model-root", _folder.Path, "--data-root", _folder.Path);
        Assert.Equal(ExitStatus.BadInput, run.Status);
        Assert.All(
            ["3 things are missing", "--model nvidia/AceMath-7B-Instruct", "--prm Qwen/Qwen2.5-Math-PRM-7B", "--dataset HuggingFaceH4/MATH-500", "hf download"],
            part => Assert.Contains(part, run.Error));
    }

    [Fact]
    public async Task EveryRecipeThatComesAlongRuns()
    {
        Assert.Equal(12, RecipeCatalog.Names.Count);
        foreach (string name in RecipeCatalog.Names)
        {
            string output = $"{name.Replace('/', '-')}.jsonl";
            (await CliRun.OfAsync(
                "eval", "--recipe", name, "--model", "tinymath", "--prm", "tinymath", "--dataset", "tinymath",
                "--num_samples=1", "--output", _folder.File(output))).Done();
            JsonNode record = Assert.Single(Records(output));
            string approach = Path.GetFileName(name);
            Assert.Equal(
                (approach switch { "best_of_n" => "best-of-n", "beam_search" => "beam", _ => approach }, 4, 0),
                ((string)record["strategy"]!, (int)record["n"]!, (int)record["seed"]!));
            string settings = (string)record["settings"]!;
            Assert.Equal(approach is "beam_search" or "best_of_n", settings.Contains("filter-duplicates", StringComparison.Ordinal));
            Assert.Equal(approach == "best_of_n", settings.Contains("sort-completed", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task ShardsAndMergeGiveTheRecordsOfOneRun()
    {
        string[] run = ["eval", "--dataset", "tinymath", "--start", "40", "--end", "47", "--strategy", "best-of-n", "--n", "2"];
        CliRun whole = (await CliRun.OfAsync([.. run, "--output", _folder.File("whole.jsonl")])).Done();
        foreach (int i in (int[])[3, 1, 2]) (await CliRun.OfAsync([.. run, "--shard", $"{i}/3", "--output", _folder.File($"{i}.jsonl")])).Done();
        string merged = _folder.File("merged.jsonl");
        (await CliRun.OfAsync("merge", _folder.File("3.jsonl"), _folder.File("1.jsonl"), "--output", merged))
            .Failed(ExitStatus.BadInput, "rows 42-43 of 40 to 46 are missing");
        string[] shards = [.. ((string[])["3.jsonl", "1.jsonl", "2.jsonl"]).Select(_folder.File)];
        CliRun merge = (await CliRun.OfAsync(["merge", .. shards, "--output", merged])).Done();
        Assert.Equal(whole.Output, merge.Output);
        Assert.Equal(Records("whole.jsonl").Select(Essence), Records("merged.jsonl").Select(Essence));
        // The merged file is a run like any other: it is continued, not begun again.
        Assert.Contains("7 of them by earlier runs", (await CliRun.OfAsync([.. run, "--output", merged])).Done().Error);

        static string Essence(JsonNode record)
        {
            record.AsObject().Remove("usage");
            record.AsObject().Remove("command");
            return record.ToJsonString();
        }
    }

    private JsonNode[] Records(string name) => [.. File.ReadLines(_folder.File(name)).Select(line => JsonNode.Parse(line)!)];
}
