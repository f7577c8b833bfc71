using System.Text.Json;
using CudaSearch.Engine;
using CudaSearch.Search;
using CudaSearch.Verification;

namespace CudaSearch.Tests.Search;

/// <summary>
/// Recorded runs of search-and-learn's own functions with a scripted model: every request, in order, and every result must be the same.
/// The file is <c>search-traces/traces.jsonl</c> of the shared data, or the one the environment variable CUDASEARCH_TRACES names.
/// </summary>
public sealed class TraceReplayTests(ITestOutputHelper output)
{
    private static readonly Lazy<JsonElement[]> s_traces = new(() =>
    [
        .. File.ReadLines(Environment.GetEnvironmentVariable("CUDASEARCH_TRACES") is { Length: > 0 } file
                ? file
                : SharedData.PathOf("search-traces", "traces.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement),
    ]);

    [Theory]
    [InlineData("best_of_n", "best-of-n")]
    [InlineData("beam_search", "beam")]
    [InlineData("dvts", "dvts")]
    public void Strategies_ask_and_answer_as_the_original(string function, string strategy) =>
        ReplayAll(function, trace => ReplaySearch(trace, SearchStrategies.Create(strategy)));

    [Fact]
    public void Steps_are_generated_as_in_the_original() => ReplayAll("generate_k_steps", ReplaySteps);

    [Fact]
    public void Scores_are_aggregated_as_in_the_original() => ReplayAll("aggregate_scores", trace =>
    {
        double[] scores = TraceScript.Doubles(trace.GetProperty("scores"));
        foreach ((string name, Aggregation aggregation) in (ReadOnlySpan<(string, Aggregation)>)
            [("last", Aggregation.Last), ("min", Aggregation.Min), ("prod", Aggregation.Prod)])
            Assert.Equal(trace.GetProperty("result").GetProperty(name).GetDouble(), aggregation.Aggregate(scores));
    });

    /// <summary>Replays all cases of a function but the two kinds that nobody can be asked to follow.</summary>
    private void ReplayAll(string function, Action<JsonElement> replay)
    {
        JsonElement[] all = [.. s_traces.Value.Where(trace => trace.GetProperty("function").GetString() == function)];
        // A literal "length" as stop reason: the original tests for it, but its engine never sends it, and neither can ours.
        JsonElement[] lengthLiteral = [.. all.Where(trace => HasTag(trace, "length_literal"))];
        // NumPy's sort is unstable from 17 elements on; among equals it kept others than a stable sort keeps.
        JsonElement[] unstable = [.. all.Where(trace => !trace.GetProperty("stable_same").GetBoolean())];

        int replayed = 0;
        foreach (JsonElement trace in all.Except(lengthLiteral).Except(unstable))
        {
            try
            {
                replay(trace);
            }
            catch (Exception failure)
            {
                Assert.Fail($"{trace.GetProperty("id").GetString()}: {failure.Message}");
            }
            replayed++;
        }
        output.WriteLine($"{function}: {replayed} of {all.Length} replayed; {lengthLiteral.Length} length_literal, {unstable.Length} unstable skipped");
        Assert.Equal(all.Length - lengthLiteral.Length - unstable.Length, replayed);
        Assert.True(replayed > 0, $"no case of {function} was replayed");
    }

    private static void ReplaySearch(JsonElement trace, ISearchStrategy strategy)
    {
        using var pump = new TracePump();
        var script = new TraceScript(trace, pump);
        string[] problems = [.. trace.GetProperty("problems").EnumerateArray().Select(problem => problem.GetString()!)];
        SearchOptions options = Options(trace.GetProperty("config"));
        Task<SearchResult>[] searches =
        [
            .. problems.Select((problem, i) => strategy.SearchAsync(
                new SearchContext(problem, script.GeneratorOf(i), script.VerifierOf(i), options, new SearchTree()),
                TestContext.Current.CancellationToken)),
        ];
        script.Play();
        Assert.All(searches, search => Assert.True(search.IsCompleted, "a search still waits"));

        JsonElement expected = trace.GetProperty("result");
        if (expected.TryGetProperty("error", out _))
        {
            Assert.All(searches, search => Assert.IsType<CudaSearchException>(search.Exception?.InnerException));
            return;
        }
        SearchResult[] results = [.. searches.Select(search => search.GetAwaiter().GetResult())];
        if (strategy.Name == "dvts") results = MergeEqualProblems(problems, results);
        for (int i = 0; i < results.Length; i++) AssertResult(expected, i, results[i], strategy.Name == "best-of-n");
    }

    private static void AssertResult(JsonElement expected, int problem, SearchResult result, bool countsTokens)
    {
        Assert.Equal(
            expected.GetProperty("completions")[problem].EnumerateArray().Select(text => text.GetString()!),
            result.Completions.Select(completion => completion.Text));
        Assert.Equal(
            expected.GetProperty("scores")[problem].EnumerateArray().Select(TraceScript.Doubles),
            result.Completions.Select(completion => completion.StepScores.ToArray()));
        Assert.Equal(expected.GetProperty("pred")[problem].GetString(), result.Completions[result.Best].Text);
        // Only best-of-N counts tokens in the original; beam search says 0 and DVTS -1.
        if (countsTokens)
            Assert.Equal(
                expected.GetProperty("completion_tokens")[problem].EnumerateArray().Select(count => count.GetInt32()),
                result.Completions.Select(completion => completion.Tokens));
    }

    /// <summary>
    /// The original's DVTS groups its results by problem text, so that a problem that stands twice in a batch gets, each time, the
    /// completions of both. Our searches know one problem each; what becomes of a batch is imitated here.
    /// </summary>
    private static SearchResult[] MergeEqualProblems(string[] problems, SearchResult[] results) =>
    [
        .. problems.Select(problem =>
            Selection.WithBest([.. results.Where((_, i) => problems[i] == problem).SelectMany(result => result.Completions)])),
    ];

    private static void ReplaySteps(JsonElement trace)
    {
        using var pump = new TracePump();
        var script = new TraceScript(trace, pump);
        JsonElement config = trace.GetProperty("config");
        int width = config.GetProperty("beam_width").GetInt32();
        GenerationOptions sampling = Options(config).Sampling with
        {
            StopText = config.GetProperty("stop").EnumerateArray().Select(text => text.GetString()).SingleOrDefault(),
        };
        IBranch[] slots =
        [
            .. from problem in trace.GetProperty("problems").EnumerateArray().Index()
               let assistant = trace.GetProperty("assistant")[problem.Index].GetString()!
               from slot in Enumerable.Range(0, width)
               select script.GeneratorOf(problem.Index, assistant).Start(problem.Item.GetString()!),
        ];
        Task<Step[]> running = StepGenerator.StepAllAsync(
            slots, sampling, config.GetProperty("lookahead").GetInt32(), TestContext.Current.CancellationToken);
        script.Play();
        Assert.True(running.IsCompleted, "the step generator still waits");
        Step[][] groups = [.. running.GetAwaiter().GetResult().Chunk(width)];

        foreach ((JsonElement expected, Step[] steps) in trace.GetProperty("result").GetProperty("slots").EnumerateArray().Zip(groups))
        {
            Assert.Equal(Strings(expected, "next_texts"), steps.Select(step => step.Text));
            Assert.Equal(Strings(expected, "lookahead_texts"), steps.Select(step => step.WithLookahead));
            Assert.Equal(Strings(expected, "stop_reasons"), steps.Select(step => ReasonName(step.Reason)));
        }
    }

    /// <summary>Integers, the original's names of foreign end tokens, all become "other".</summary>
    private static IEnumerable<string> Strings(JsonElement owner, string name) =>
        owner.GetProperty(name).EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number ? "other" : item.GetString()!);

    private static string ReasonName(StopReason reason) => reason switch
    {
        StopReason.StopText => "\n\n",
        StopReason.OtherEnd => "other",
        _ => "EOS",
    };

    private static SearchOptions Options(JsonElement config)
    {
        int Int(string name, int otherwise) => config.TryGetProperty(name, out JsonElement value) ? value.GetInt32() : otherwise;
        bool Bool(string name) => config.TryGetProperty(name, out JsonElement value) && value.GetBoolean();
        var defaults = new SearchOptions();
        return new SearchOptions
        {
            N = Int("n", defaults.N),
            BeamWidth = Int("beam_width", defaults.BeamWidth),
            Iterations = Int("num_iterations", defaults.Iterations),
            Lookahead = Int("lookahead", 0),
            FilterDuplicates = Bool("filter_duplicates"),
            SortCompleted = Bool("sort_completed"),
            StopWhenComplete = false,
            AllowUnevenWidth = true,
            FixedDvtsStepTokens = true,
            IgnoreLookahead = true,
            Aggregation = config.TryGetProperty("agg_strategy", out JsonElement name)
                ? Enum.Parse<Aggregation>(name.GetString()!, ignoreCase: true)
                : defaults.Aggregation,
            Sampling = new GenerationOptions
            {
                Temperature = (float)config.GetProperty("temperature").GetDouble(),
                TopP = (float)config.GetProperty("top_p").GetDouble(),
                MaxTokens = config.GetProperty("max_tokens").GetInt32(),
            },
        };
    }

    private static bool HasTag(JsonElement trace, string tag) => trace.GetProperty("tags").EnumerateArray().Any(item => item.GetString() == tag);
}
