using CsCheck;
using CudaSearch.Search;

namespace CudaSearch.Tests.Search;

/// <summary>What holds for every search, checked with random models.</summary>
public sealed class SearchPropertyTests
{
    private static readonly Gen<(int Seed, SearchOptions Options)> s_search = Gen.Select(Gen.Int[0, 1_000_000], RandomModel.Options);

    [Fact]
    public void Stopping_once_n_beams_finished_changes_nothing_and_asks_for_no_more()
    {
        int saved = 0;
        s_search.Sample(drawn =>
        {
            (string whole, int wholeRequests) = RunBeams(drawn.Seed, drawn.Options with { StopWhenComplete = false });
            (string early, int earlyRequests) = RunBeams(drawn.Seed, drawn.Options with { StopWhenComplete = true });
            if (earlyRequests < wholeRequests) Interlocked.Increment(ref saved);
            return early == whole && earlyRequests <= wholeRequests && (!drawn.Options.SortCompleted || earlyRequests == wholeRequests);
        });
        Assert.True(saved > 0, "no search stopped early");
    }

    [Fact]
    public void Lookahead_changes_what_beam_search_finds_unless_it_is_ignored()
    {
        int changed = 0;
        s_search.Sample(drawn =>
        {
            string without = RunBeams(drawn.Seed, drawn.Options with { Lookahead = 0 }).Result;
            if (RunBeams(drawn.Seed, drawn.Options).Result != without) Interlocked.Increment(ref changed);
            return RunBeams(drawn.Seed, drawn.Options with { IgnoreLookahead = true }).Result == without;
        });
        Assert.True(changed > 0, "no lookahead changed anything");
    }

    [Fact]
    public void Every_strategy_returns_its_best_and_gives_everything_back() => s_search.Sample(drawn =>
    {
        foreach (ISearchStrategy strategy in SearchStrategies.All)
        {
            var model = new FakeModel(RandomModel.Script(drawn.Seed));
            var tree = new SearchTree();
            if (Run(model, strategy, drawn.Options, tree) is { } result)
            {
                Assert.Equal(strategy.Name == "greedy" ? 1 : drawn.Options.N, result.Completions.Count);
                double largest = result.Completions.Max(completion => completion.Aggregate);
                Assert.Equal(result.Completions.Index().First(item => item.Item.Aggregate == largest).Index, result.Best);
                AssertInTree(tree, result);
            }
            Assert.Equal((0, 0), (model.LiveBranches, model.LiveVerifications));
        }
    }, iter: 200);

    [Fact]
    public void No_strategy_writes_more_than_its_budget() => s_search.Sample(drawn =>
    {
        SearchOptions options = drawn.Options with { Lookahead = 0 };
        (int n, int iterations, int width) = (options.N, options.Iterations, options.BeamWidth);
        foreach (ISearchStrategy strategy in SearchStrategies.All)
        {
            var model = new FakeModel(RandomModel.Script(drawn.Seed));
            Run(model, strategy, options, new());
            int most = strategy.Name switch
            {
                "greedy" => 1,
                "majority" or "best-of-n" or "revision" => n,
                // Steps while looking around, at most one round too many, then answers that a step each ends.
                "mcts" => (2 * n * (iterations + 1)) + n + (2 * width),
                "compute-optimal" => RandomModel.Policy.Pilot + (n * iterations),
                _ => n * iterations,
            };
            Assert.True(model.Requests.Count <= most, $"{strategy.Name}: {model.Requests.Count} requests, at most {most} are allowed");
        }
    }, iter: 200);

    [Fact]
    public void A_strategy_finds_the_same_alone_and_beside_others_that_finish_in_another_order() => Gen.Select(s_search, Gen.Int[0, 1000]).Sample((drawn, seed) =>
    {
        foreach (ISearchStrategy strategy in SearchStrategies.All.Where(strategy => strategy.Name != "beam"))
        {
            string[] problems = ["1+1?", "2+2?", "3+3?"];
            string[] alone = [.. problems.Select(problem => Show(SearchAsync(problem, yields: false).GetAwaiter().GetResult()))];
            string[] together = [.. Task.WhenAll(problems.Select(problem => SearchAsync(problem, yields: true))).GetAwaiter().GetResult().Select(Show)];
            Assert.Equal(alone, together);

            Task<SearchResult> SearchAsync(string problem, bool yields)
            {
                var model = new FakeModel(RandomModel.Script(drawn.Seed)) { Yields = yields };
                var context = new SearchContext(problem, model, model, drawn.Options, new SearchTree(), (ulong)seed);
                return strategy.SearchAsync(context, TestContext.Current.CancellationToken);
            }
        }
    }, iter: 8);

    /// <summary>Every answer can be read off the tree: the steps from some node up to its root.</summary>
    private static void AssertInTree(SearchTree tree, SearchResult result)
    {
        var texts = new string[tree.Nodes.Count];
        foreach (SearchNode node in tree.Nodes) texts[node.Id] = (node.Parent is null ? "" : texts[node.Parent.Id]) + node.Step;
        Assert.All(result.Completions, completion => Assert.Contains(completion.Text, texts));
    }

    private static (string Result, int Requests) RunBeams(int seed, SearchOptions options)
    {
        var model = new FakeModel(RandomModel.Script(seed));
        SearchResult? result = Run(model, new BeamSearch(), options, new());
        string shown = result is null ? "no beam finished" : Show(result);
        return (shown, model.Requests.Count);
    }

    private static string Show(SearchResult result) =>
        string.Join('|', result.Completions.Select(c => $"{c.Text}:{string.Join(',', c.StepScores)}:{c.Tokens}")) + result.Best;

    /// <summary>The result, or null when no beam finished. The fakes answer at once, so the task is complete when it is returned.</summary>
    private static SearchResult? Run(FakeModel model, ISearchStrategy strategy, SearchOptions options, SearchTree tree)
    {
        try
        {
            return model.SearchAsync(strategy, options, tree).GetAwaiter().GetResult();
        }
        catch (CudaSearchException refused) when (refused.Message.StartsWith("no beam finished", StringComparison.Ordinal))
        {
            return null;
        }
    }
}
