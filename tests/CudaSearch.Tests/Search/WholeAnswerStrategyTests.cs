using CudaSearch.Search;
using CudaSearch.Verification;
using static CudaSearch.Tests.Search.FakeModel;

namespace CudaSearch.Tests.Search;

/// <summary>The strategies that write whole answers: greedy, majority vote, best of N.</summary>
public sealed class WholeAnswerStrategyTests
{
    [Fact]
    public async Task Greedy_asks_once_at_temperature_zero()
    {
        var model = new FakeModel(End("a\n\nb"));
        SearchResult result = await model.SearchAsync(new GreedySearch(), new());
        Request request = Assert.Single(model.Requests);
        Assert.Equal((0f, null, 0), (request.Options.Temperature, request.Options.StopText, request.Beam));
        AssertUnscored(model, result, "a\n\nb");
    }

    [Fact]
    public async Task Majority_samples_n_answers_and_scores_none()
    {
        var model = new FakeModel(End("a"), Cut("b"), ForeignEnd("c"));
        SearchResult result = await model.SearchAsync(new MajorityVote(), new() { N = 3 });
        Assert.All(model.Requests, request => Assert.Equal((0.8f, null), (request.Options.Temperature, request.Options.StopText)));
        Assert.Equal([0, 1, 2], model.Requests.Select(request => request.Beam));
        AssertUnscored(model, result, "a", "b", "c");
    }

    [Fact]
    public async Task Best_of_n_takes_the_first_of_the_largest_aggregates()
    {
        var model = new FakeModel(End("a9\n\nb1"), End("c3\n\nd4"), End("e5\n\nf4"));
        SearchResult result = await model.SearchAsync(new BestOfN(), new() { N = 3 });
        Assert.Equal(["a9\n\nb1", "c3\n\nd4", "e5\n\nf4"], result.Completions.Select(completion => completion.Text));
        Assert.Equal([0.1, 0.4, 0.4], result.Completions.Select(completion => completion.Aggregate));
        Assert.Equal(1, result.Best);
        Assert.Equal([0, 1, 2], model.Requests.Select(request => request.Beam));
    }

    [Fact]
    public async Task Best_of_n_has_no_stop_text_even_when_the_sampling_names_one()
    {
        var model = new FakeModel(End("a"));
        await model.SearchAsync(new BestOfN(), new() { N = 1, Sampling = new() { StopText = "x" } });
        Assert.Null(Assert.Single(model.Requests).Options.StopText);
    }

    [Fact]
    public async Task The_tree_holds_the_steps_of_every_answer_with_the_aggregate_up_to_each()
    {
        var model = new FakeModel(End("a9\n\nb2\n\nc5"), End("d\n\n"));
        var tree = new SearchTree();
        await model.SearchAsync(new BestOfN(), new() { N = 2, Aggregation = Aggregation.Min }, tree);
        Assert.Equal(["a9\n\n", "b2\n\n", "c5", "d\n\n", ""], tree.Nodes.Select(node => node.Step));
        Assert.Equal([0.9, 0.2, 0.2, 0, 0], tree.Nodes.Select(node => node.Score!.Value));
        Assert.Equal([null, 0, 1, null, 3], tree.Nodes.Select(node => node.Parent?.Id));
        Assert.Equal([0, 0, 0, 1, 1], tree.Nodes.Select(node => node.Beam));
        Assert.Equal([2, 4], tree.Nodes.Where(node => node.State == NodeState.Finished).Select(node => node.Id));
    }

    private static void AssertUnscored(FakeModel model, SearchResult result, params string[] texts)
    {
        Assert.Equal(texts, result.Completions.Select(completion => completion.Text));
        Assert.All(result.Completions, completion => Assert.Empty(completion.StepScores));
        Assert.All(result.Completions, completion => Assert.Equal(0, completion.Aggregate));
        Assert.Equal(0, result.Best);
        Assert.Empty(model.Scored);
    }
}
