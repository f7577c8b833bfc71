using CudaSearch.Engine;
using CudaSearch.Search;
using CudaSearch.Verification;

namespace CudaSearch.Tests.Search;

/// <summary>The rules of confidence-guided search, one by one. A step of the fakes has two tokens whose probabilities are told.</summary>
public sealed class ConfidenceSearchTests
{
    private static readonly SearchOptions s_two = new() { N = 2, BeamWidth = 2, Iterations = 2 };

    [Fact]
    public async Task The_step_that_the_model_was_surest_of_goes_on_whatever_a_verifier_would_say()
    {
        var model = new FakeModel(Step("a9", 0.5, 0.5), Step("b1", 0.9, 0.4), End("x", 1, 1), End("y", 1, 1));
        await SearchAsync(model, s_two);
        Assert.All(model.Requests.Skip(2), request => Assert.Equal("b1\n\n", request.Text));
        Assert.Empty(model.Scored);
    }

    // Longer steps are less probable as a whole: the mean is taken, or the shortest step would always win.
    [Fact]
    public async Task A_long_step_is_not_held_against_it()
    {
        var model = new FakeModel(
            new GeneratedText("short\n\n", StopReason.StopText, 1, Math.Log(0.6)), new GeneratedText("long\n\n", StopReason.StopText, 10, 10 * Math.Log(0.7)),
            End("x", 1, 1), End("y", 1, 1));
        await SearchAsync(model, s_two);
        Assert.All(model.Requests.Skip(2), request => Assert.Equal("long\n\n", request.Text));
    }

    [Fact]
    public async Task Every_step_of_an_answer_has_the_geometric_mean_of_its_tokens_probabilities()
    {
        var model = new FakeModel(Step("a", 0.9, 0.4), Step("b", 0.2, 0.8), End("x", 0.25, 1), End("y", 0.5, 0.5));
        SearchResult result = await SearchAsync(model, s_two with { Aggregation = Aggregation.Prod });
        Assert.Equal(["a\n\nx", "a\n\ny"], result.Completions.Select(completion => completion.Text));
        Assert.All(result.Completions, completion => Assert.Equal(0.6, completion.StepScores[0], 1e-12));
        Assert.All(result.Completions, completion => Assert.Equal(0.5, completion.StepScores[1], 1e-12));
        Assert.All(result.Completions, completion => Assert.Equal(0.3, completion.Aggregate, 1e-12));
        Assert.Equal(0, result.Best);
    }

    [Fact]
    public async Task A_step_that_no_token_was_written_for_scores_nothing()
    {
        var model = new FakeModel(new GeneratedText("", StopReason.Length, 0), End("x", 0.1, 0.1));
        SearchResult result = await SearchAsync(model, s_two);
        Assert.Equal([0], result.Completions[0].StepScores);
        Assert.Equal(1, result.Best);
    }

    [Fact]
    public async Task Subtrees_do_not_compete_and_return_their_last_candidates()
    {
        var model = new FakeModel(
            End("a", 0.9, 0.9), Step("b", 0.1, 0.1), Step("c", 0.3, 0.3), Step("d", 0.2, 0.2), End("x", 0.5, 0.5), End("y", 0.6, 0.6));
        SearchResult result = await SearchAsync(model, new() { N = 4, BeamWidth = 2, Iterations = 2 });
        Assert.Equal(["a", "b\n\n", "c\n\nx", "c\n\ny"], result.Completions.Select(completion => completion.Text));
        Assert.Equal([true, false, true, true], result.Completions.Select(completion => completion.Finished));
        Assert.Equal([0, 1, 2, 3, 2, 3], model.Requests.Select(request => request.Beam));
    }

    // Words of the first round: old, new. In the second "old new" has no new word, "fresh old" one of two.
    [Theory]
    [InlineData(0f, "old new")]
    [InlineData(0.1f, "old new")]
    [InlineData(1f, "fresh old")]
    public async Task Novelty_weighs_words_that_the_search_has_not_seen(float novelty, string chosen)
    {
        var model = new FakeModel(
            Step("old", 0.8, 0.8), Step("new", 0.5, 0.5), Step("old new", 0.8, 0.8), Step("fresh old", 0.6, 0.6), End("x", 1, 1), End("y", 1, 1));
        SearchResult result = await SearchAsync(model, new() { N = 2, BeamWidth = 2, Iterations = 3, Novelty = novelty });
        Assert.All(result.Completions, completion => Assert.StartsWith($"old\n\n{chosen}\n\n", completion.Text));
        double expected = chosen == "old new" ? 0.8 / (1 + novelty) : (0.6 + (novelty * 0.5)) / (1 + novelty);
        Assert.Equal(expected, result.Completions[0].StepScores[1], 1e-6);
        Assert.All(result.Completions.SelectMany(completion => completion.StepScores), score => Assert.InRange(score, 0, 1));
    }

    [Fact]
    public async Task Only_this_strategy_asks_for_log_probabilities()
    {
        foreach (ISearchStrategy strategy in SearchStrategies.All)
        {
            var model = new FakeModel(_ => End("a", 1, 1));
            await model.SearchAsync(strategy, s_two with { Policy = RandomModel.Policy });
            Assert.All(model.Requests, request => Assert.Equal(strategy is ConfidenceSearch, request.Options.WithLogProbability));
        }
    }

    [Fact]
    public async Task A_lookahead_counts_the_tokens_it_sees()
    {
        var model = new FakeModel(Step("a", 0.9, 0.9), Step("b", 0.8, 0.8), Step("ahead of a", 0.1, 0.1), Step("ahead of b", 0.2, 0.2), End("x", 1, 1), End("y", 1, 1));
        SearchResult result = await SearchAsync(model, s_two with { Lookahead = 1 });
        Assert.Equal(["b\n\nx", "b\n\ny"], result.Completions.Select(completion => completion.Text));
        Assert.All(result.Completions, completion => Assert.Equal(Math.Sqrt(0.8 * 0.2), completion.StepScores[0], 1e-12));
    }

    private static Task<SearchResult> SearchAsync(FakeModel model, SearchOptions options) =>
        new ConfidenceSearch().SearchAsync(new SearchContext("1+1?", model, Verifier: null, options, new SearchTree()), TestContext.Current.CancellationToken);

    private static GeneratedText Step(string text, double first, double second) => new(text + "\n\n", StopReason.StopText, 2, Math.Log(first) + Math.Log(second));

    private static GeneratedText End(string text, double first, double second) => new(text, StopReason.EndOfSequence, 2, Math.Log(first) + Math.Log(second));
}
