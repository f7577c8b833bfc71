using CudaSearch.Search;
using static CudaSearch.Tests.Search.FakeModel;

namespace CudaSearch.Tests.Search;

/// <summary>The rules of reward-balanced search, one by one.</summary>
public sealed class RebaseTests
{
    private static readonly SearchOptions s_four = new() { N = 4, Iterations = 2, BalanceTemperature = 0.2f };

    [Fact]
    public async Task Children_are_allotted_by_the_softmax_of_the_scores()
    {
        // exp(9/2), exp(7/2), exp(5/2), exp(0): shares .66, .24, .09, .01 of 4; quotas 2.6, 1.0 (0.97), 0.36, 0.03.
        var model = new FakeModel(Step("a5"), Step("b9"), Step("c0"), Step("d7"), End("w"), End("x"), End("y"), End("z"));
        var tree = new SearchTree();
        SearchResult result = await model.SearchAsync(new Rebase(), s_four, tree);
        Assert.Equal(["b9\n\n", "b9\n\n", "b9\n\n", "d7\n\n"], model.Requests.Skip(4).Select(request => request.Text));
        Assert.Equal([0, 1, 2, 3, 0, 1, 2, 3], model.Requests.Select(request => request.Beam));
        Assert.Equal(["b9\n\nw", "b9\n\nx", "b9\n\ny", "d7\n\nz"], result.Completions.Select(completion => completion.Text));
        Assert.Equal(
            [NodeState.Pruned, NodeState.Active, NodeState.Pruned, NodeState.Active], tree.Nodes.Take(4).Select(node => node.State));
        Assert.Equal([1, 1, 1, 3], tree.Nodes.Skip(4).Select(node => node.Parent?.Id));
    }

    [Fact]
    public async Task A_high_temperature_gives_every_answer_a_child_whatever_its_score()
    {
        var model = new FakeModel(Step("a5"), Step("b9"), Step("c0"), Step("d7"), End("w"), End("x"), End("y"), End("z"));
        await model.SearchAsync(new Rebase(), s_four with { BalanceTemperature = 1000 });
        Assert.Equal(["a5\n\n", "b9\n\n", "c0\n\n", "d7\n\n"], model.Requests.Skip(4).Select(request => request.Text));
    }

    [Fact]
    public async Task A_finished_answer_takes_its_place_out_of_the_budget_and_its_score_does_not_compete()
    {
        var model = new FakeModel(End("a9"), Step("b3"), Step("c3"), End("d1"), End("y"), End("z"));
        SearchResult result = await model.SearchAsync(new Rebase(), s_four);
        Assert.Equal(["b3\n\n", "c3\n\n"], model.Requests.Skip(4).Select(request => request.Text));
        Assert.Equal(["a9", "d1", "b3\n\ny", "c3\n\nz"], result.Completions.Select(completion => completion.Text));
        Assert.Equal(0, result.Best);
    }

    [Fact]
    public async Task The_last_iteration_finishes_every_answer_even_one_that_a_foreign_token_ended()
    {
        var model = new FakeModel(Step("a"), ForeignEnd("b"));
        var tree = new SearchTree();
        SearchResult result = await model.SearchAsync(new Rebase(), new() { N = 1, Iterations = 2 }, tree);
        Assert.Equal(["\n\n", null], model.Requests.Select(request => request.Options.StopText));
        Assert.Equal("a\n\nb", Assert.Single(result.Completions).Text);
        Assert.Equal(NodeState.Finished, tree.Nodes[^1].State);
    }

    [Fact]
    public async Task Lookahead_moves_the_budget()
    {
        var model = new FakeModel(Step("a9"), Step("b1"), Step("0"), Step("9"), End("x"), End("y"));
        await model.SearchAsync(new Rebase(), new() { N = 2, Iterations = 2, Lookahead = 1 });
        Assert.All(model.Requests.Skip(4), request => Assert.Equal("b1\n\n", request.Text));
    }
}
