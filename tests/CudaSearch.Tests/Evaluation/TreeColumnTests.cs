using System.Text;
using System.Text.Json;
using CsCheck;
using CudaSearch.Evaluation;
using CudaSearch.Search;
using CudaSearch.Tests.Search;

namespace CudaSearch.Tests.Evaluation;

/// <summary>A recorded tree is read back as it was, and says what its search found.</summary>
public sealed class TreeColumnTests
{
    private static readonly Gen<(int Seed, SearchOptions Options)> s_search = Gen.Select(Gen.Int[0, 1_000_000], RandomModel.Options);

    public static TheoryData<string> Strategies => [.. SearchStrategies.All.Select(strategy => strategy.Name)];

    [Theory]
    [MemberData(nameof(Strategies))]
    public void A_tree_is_read_back_as_it_was_recorded(string strategy) => s_search.Sample(drawn =>
    {
        var tree = new SearchTree();
        if (Search(strategy, drawn.Seed, drawn.Options, tree) is not { } result) return;
        tree.Completions = [.. result.Completions.Select(completion => completion.Node!)];
        SearchTree read = Reread(tree);
        Assert.Equal(tree.Nodes.Select(Show), read.Nodes.Select(Show));
        Assert.Equal(tree.Completions.Select(node => node.Id), read.Completions.Select(node => node.Id));
    }, iter: 50);

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Completions_can_be_rebuilt_from_the_tree(string strategy) => s_search.Sample(drawn =>
    {
        var tree = new SearchTree();
        if (Search(strategy, drawn.Seed, drawn.Options, tree) is not { } result) return;
        tree.Completions = [.. result.Completions.Select(completion => completion.Node!)];
        SearchTree read = Reread(tree);
        Assert.Equal(result.Completions.Count, read.Completions.Count);
        foreach ((Completion completion, SearchNode node) in result.Completions.Zip(read.Completions))
        {
            SearchNode[] path = [.. node.Path()];
            Assert.Equal(completion.Text, string.Concat(path.Select(step => step.Step)));
            Assert.Equal(completion.Tokens, path.Sum(step => step.Tokens));
            Assert.Equal(completion.Aggregate, node.Score ?? 0);
            Assert.Equal(completion.StepScores, node.StepScores);
        }
    }, iter: 50);

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Every_token_and_every_decision_is_in_the_tree(string strategy) => s_search.Sample(drawn =>
    {
        var tree = new SearchTree();
        var model = new FakeModel(RandomModel.Script(drawn.Seed));
        if (Run(model, strategy, drawn.Options, tree) is null) return;
        // The fake draws one token a request.
        Assert.Equal(model.Requests.Count, tree.Nodes.Sum(node => node.Tokens + node.LookaheadTokens));
        var parents = tree.Nodes.Select(node => node.Parent).ToHashSet();
        foreach (SearchNode node in tree.Nodes)
        {
            Assert.True(node.Parent is null || node.Parent.Iteration <= node.Iteration);
            Assert.Equal(node.State == NodeState.Active, node.Reason is null);
            Assert.Equal(node.Reason is null, node.DecidedIn is null);
            Assert.True(node.DecidedIn is not { } decided || decided >= node.Iteration);
            // What nothing follows was decided one way or another.
            if (!parents.Contains(node)) Assert.NotEqual(NodeState.Active, node.State);
        }
    }, iter: 50);

    [Fact]
    public void Iterations_and_reasons_of_a_beam_search()
    {
        var model = new FakeModel(
            FakeModel.Step("a1"), FakeModel.Step("b9"), FakeModel.End("x2"), FakeModel.Step("y3"), FakeModel.Cut("z4"), FakeModel.End(""));
        var tree = new SearchTree();
        Run(model, "beam", new() { N = 2, BeamWidth = 2, Iterations = 4, StopWhenComplete = false }, tree);
        Assert.Equal([0, 0, 1, 1, 2, 2], tree.Nodes.Select(node => node.Iteration));
        Assert.Equal(
            [DecisionReason.Outscored, null, DecisionReason.EndOfSequence, null, DecisionReason.TokenLimit, DecisionReason.EndOfSequence],
            tree.Nodes.Select(node => node.Reason));
        Assert.Equal([0, null, 1, null, 2, 2], tree.Nodes.Select(node => node.DecidedIn));
    }

    [Fact]
    public void Lookahead_is_kept_beside_the_step()
    {
        var model = new FakeModel(FakeModel.Step("a1"), FakeModel.Step("b2"), FakeModel.End("c3"), FakeModel.End("d4"));
        var tree = new SearchTree();
        Run(model, "beam", new() { N = 1, BeamWidth = 1, Iterations = 3, Lookahead = 2 }, tree);
        SearchNode first = Reread(tree).Nodes[0];
        Assert.Equal(("a1\n\n", "b2\n\nc3", 1, 2), (first.Step, first.Lookahead, first.Tokens, first.LookaheadTokens));
        Assert.Equal([0.1, 0.2, 0.3], first.StepScores);
        Assert.Equal(0.1, first.StepScore);
    }

    [Theory]
    [InlineData("""{"tree":{"nodes":[{"parent":0}],"completions":[]}}""")]
    [InlineData("""{"tree":{"nodes":[],"completions":[0]}}""")]
    [InlineData("""{"tree":[]}""")]
    [InlineData("""{"tree":{"nodes":[{"parent":null,"beam":0,"iteration":0,"step":"a","tokens":1,"state":"lost"}],"completions":[]}}""")]
    public void What_is_no_tree_is_refused(string record)
    {
        using JsonDocument document = JsonDocument.Parse(record);
        var refused = Assert.Throws<CudaSearchException>(() => TreeColumn.Read(document.RootElement, "run.jsonl, line 3"));
        Assert.StartsWith("run.jsonl, line 3: the column \"tree\"", refused.Message);
    }

    private static SearchResult? Search(string strategy, int seed, SearchOptions options, SearchTree tree) =>
        Run(new FakeModel(RandomModel.Script(seed)), strategy, options, tree);

    private static SearchResult? Run(FakeModel model, string strategy, SearchOptions options, SearchTree tree)
    {
        try
        {
            return model.SearchAsync(SearchStrategies.Create(strategy), options, tree).GetAwaiter().GetResult();
        }
        catch (CudaSearchException refused) when (refused.Message.StartsWith("no beam finished", StringComparison.Ordinal))
        {
            return null;
        }
    }

    private static SearchTree Reread(SearchTree tree)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WritePropertyName(TreeColumn.Name);
            TreeColumn.Write(writer, tree);
            writer.WriteEndObject();
        }
        using JsonDocument document = JsonDocument.Parse(Encoding.UTF8.GetString(stream.ToArray()));
        return TreeColumn.Read(document.RootElement, "here")!;
    }

    private static string Show(SearchNode node) =>
        $"{node.Id} {node.Parent?.Id} {node.Beam} {node.Iteration} {node.Depth} {node.Step} {node.Tokens} {node.Lookahead} {node.LookaheadTokens} "
        + $"{string.Join(',', node.StepScores)} {node.Score} {node.State} {node.Reason} {node.DecidedIn}";
}
