using CudaSearch.Search;
using static CudaSearch.Tests.Search.FakeModel;

namespace CudaSearch.Tests.Search;

/// <summary>The rules of sequential revision, one by one.</summary>
public sealed class SequentialRevisionTests
{
    [Fact]
    public async Task Each_chain_revises_its_own_last_answer_and_chains_advance_side_by_side()
    {
        var model = new FakeModel(End("a1"), End("b2"), End("c3"), End("d9"), End("e5"), End("f6"));
        SearchResult result = await model.SearchAsync(new SequentialRevision(), new() { N = 6, ChainLength = 3, RevisionRequest = "again" });
        Assert.Equal([null, null, "a1", "b2", "c3", "d9"], model.Requests.Select(request => request.Revised));
        Assert.Equal([null, null, "again", "again", "again", "again"], model.Requests.Select(request => request.Said));
        Assert.Equal([0, 3, 1, 4, 2, 5], model.Requests.Select(request => request.Beam));
        Assert.All(model.Requests, request => Assert.Equal(("", null), (request.Text, request.Options.StopText)));
        Assert.Equal(["a1", "c3", "e5", "b2", "d9", "f6"], result.Completions.Select(completion => completion.Text));
        Assert.All(result.Completions, completion => Assert.Equal(1, completion.Tokens));
    }

    [Fact]
    public async Task Every_answer_stands_for_election_not_only_the_last_of_a_chain()
    {
        var model = new FakeModel(End("a1"), End("b9"), End("c3"));
        SearchResult result = await model.SearchAsync(new SequentialRevision(), new() { N = 3, ChainLength = 3 });
        Assert.Equal([0.1, 0.9, 0.3], result.Completions.Select(completion => completion.Aggregate));
        Assert.Equal(1, result.Best);
    }

    [Fact]
    public async Task The_last_chain_is_shorter_where_n_leaves_it_less()
    {
        var model = new FakeModel(End("a"), End("b"), End("c"));
        SearchResult result = await model.SearchAsync(new SequentialRevision(), new() { N = 3, ChainLength = 2 });
        Assert.Equal([null, null, "a"], model.Requests.Select(request => request.Revised));
        Assert.Equal(["a", "c", "b"], result.Completions.Select(completion => completion.Text));
    }

    [Fact]
    public async Task An_answer_too_long_to_be_revised_is_followed_by_a_fresh_one()
    {
        var model = new FakeModel(End("a very long answer"), End("b"), End("c")) { MostRevised = 5 };
        SearchResult result = await model.SearchAsync(new SequentialRevision(), new() { N = 3, ChainLength = 3 });
        Assert.Equal([null, null, "b"], model.Requests.Select(request => request.Revised));
        Assert.Equal(3, result.Completions.Count);
    }

    [Fact]
    public async Task The_tree_holds_every_answer_on_a_path_of_its_own()
    {
        var model = new FakeModel(End("a1\n\nb2"), End("c3"));
        var tree = new SearchTree();
        await model.SearchAsync(new SequentialRevision(), new() { N = 2, ChainLength = 2 }, tree);
        Assert.Equal(["a1\n\n", "b2", "c3"], tree.Nodes.Select(node => node.Step));
        Assert.Equal([null, 0, null], tree.Nodes.Select(node => node.Parent?.Id));
        Assert.Equal([0.1, 0.2, 0.3], tree.Nodes.Select(node => node.Score!.Value));
        Assert.Equal([0, 0, 1], tree.Nodes.Select(node => node.Beam));
    }
}
