using CudaSearch.Search;
using static CudaSearch.Tests.Search.FakeModel;

namespace CudaSearch.Tests.Search;

/// <summary>What beam search and DVTS write into the tree, and when.</summary>
public sealed class SearchTreeTests
{
    [Fact]
    public async Task Beam_search_records_every_step_and_what_became_of_it()
    {
        var model = new FakeModel(Step("a1"), Step("b9"), End("x2"), Step("y3"), End("z4"), End("w"));
        var tree = new SearchTree();
        await model.SearchAsync(new BeamSearch(), new() { N = 2, BeamWidth = 2, Iterations = 4, StopWhenComplete = false }, tree);
        Assert.Equal(["a1\n\n", "b9\n\n", "x2", "y3\n\n", "z4", "w"], tree.Nodes.Select(node => node.Step));
        Assert.Equal([null, null, 1, 1, 3, 3], tree.Nodes.Select(node => node.Parent?.Id));
        Assert.Equal([0, 0, 1, 1, 2, 2], tree.Nodes.Select(node => node.Depth));
        Assert.Equal([0, 1, 0, 1, 0, 1], tree.Nodes.Select(node => node.Beam));
        Assert.Equal([0.1, 0.9, 0.2, 0.3, 0.4, 0.3], tree.Nodes.Select(node => node.Score!.Value));
        Assert.Equal(
            [NodeState.Pruned, NodeState.Active, NodeState.Finished, NodeState.Active, NodeState.Finished, NodeState.Finished],
            tree.Nodes.Select(node => node.State));
    }

    [Fact]
    public async Task Dvts_records_the_siblings_of_the_chosen_as_pruned()
    {
        var model = new FakeModel(Step("a1"), Step("b9"), End("x2"), End("y1"));
        var tree = new SearchTree();
        await model.SearchAsync(new Dvts(), new() { N = 2, BeamWidth = 2, Iterations = 4 }, tree);
        Assert.Equal([null, null, 1, 1], tree.Nodes.Select(node => node.Parent?.Id));
        Assert.Equal(
            [NodeState.Pruned, NodeState.Active, NodeState.Finished, NodeState.Pruned], tree.Nodes.Select(node => node.State));
    }

    [Theory]
    [InlineData("beam")]
    [InlineData("dvts")]
    public async Task What_is_unfinished_at_the_end_is_given_up(string name)
    {
        var model = new FakeModel(ForeignEnd("a"), End("b"));
        var tree = new SearchTree();
        await model.SearchAsync(SearchStrategies.Create(name), new() { N = 2, BeamWidth = 1, Iterations = 1 }, tree);
        Assert.Equal([NodeState.Pruned, NodeState.Finished], tree.Nodes.Select(node => node.State));
    }

    [Fact]
    public async Task Readers_see_each_step_as_it_happens()
    {
        var model = new FakeModel(End("a3"));
        var tree = new SearchTree();
        var seen = new List<(double?, NodeState)>();
        tree.Changed += node => seen.Add((node.Score, node.State));
        await model.SearchAsync(new BeamSearch(), new() { N = 1, BeamWidth = 1 }, tree);
        Assert.Equal([(null, NodeState.Active), (0.3, NodeState.Active), (0.3, NodeState.Finished)], seen);
    }
}
