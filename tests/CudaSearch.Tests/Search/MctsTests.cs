using CudaSearch.Search;
using static CudaSearch.Tests.Search.FakeModel;

namespace CudaSearch.Tests.Search;

/// <summary>The rules of Monte Carlo tree search, one by one.</summary>
public sealed class MctsTests
{
    private static readonly SearchOptions s_two = new() { N = 2, BeamWidth = 2, Iterations = 9 };

    [Fact]
    public async Task The_best_step_is_grown_first_and_every_step_draws_from_a_stream_of_its_own()
    {
        var model = new FakeModel(Step("a2"), Step("b8"), Step("c7"), Step("d9"), End("x"), End("y"));
        await model.SearchAsync(new Mcts(), s_two);
        Assert.Equal(["", "", "b8\n\n", "b8\n\n", "b8\n\nd9\n\n", "b8\n\nd9\n\n"], model.Requests.Select(request => request.Text));
        Assert.Equal([0, 1, 2, 3, 4, 5], model.Requests.Select(request => request.Beam));
    }

    [Fact]
    public async Task What_follows_a_step_counts_for_it_so_that_a_disappointment_sends_the_search_elsewhere()
    {
        // After c0 and d0 the mean of b8 is 0.27 of 3 visits, its bound 0.27 + sqrt(ln 4 / 3) = 0.95; that of a2, seen once, is 0.2 + 1.18.
        var model = new FakeModel(Step("a2"), Step("b8"), Step("c0"), Step("d0"), End("x"), End("y"));
        await model.SearchAsync(new Mcts(), s_two);
        Assert.All(model.Requests.Skip(4), request => Assert.Equal("a2\n\n", request.Text));
    }

    [Theory]
    [InlineData(0.03f, "b8\n\nc4\n\n")]
    [InlineData(1f, "a2\n\n")]
    public async Task Exploration_weighs_what_was_seen_seldom_against_what_scores_well(float exploration, string grown)
    {
        // b8 has the mean 0.53 after c4 and d4, a2 has 0.2.
        var model = new FakeModel(Step("a2"), Step("b8"), Step("c4"), Step("d4"), End("x"), End("y"));
        await model.SearchAsync(new Mcts(), s_two with { Exploration = exploration });
        Assert.All(model.Requests.Skip(4), request => Assert.Equal(grown, request.Text));
    }

    [Fact]
    public async Task A_finished_answer_is_not_grown_but_the_step_before_it_is_sampled_again()
    {
        var model = new FakeModel(Step("a1"), Step("b9"), End("x9"), End("y0"), End("z9"), End("w9"));
        SearchResult result = await model.SearchAsync(new Mcts(), s_two with { N = 4, Exploration = 0.1f });
        Assert.All(model.Requests.Skip(2), request => Assert.Equal("b9\n\n", request.Text));
        Assert.Equal(["b9\n\nx9", "b9\n\ny0", "b9\n\nz9", "b9\n\nw9"], result.Completions.Select(completion => completion.Text));
    }

    [Fact]
    public async Task A_finished_answer_counts_each_time_it_is_reached_so_others_get_their_turn()
    {
        // The root's only good child is an answer; with every visit its bound falls, until a5 is grown.
        var texts = new Queue<GeneratedText>([End("x9"), Step("a5")]);
        var model = new FakeModel(request => texts.TryDequeue(out GeneratedText text) ? text : request.Text.Length == 0 ? Step("a5") : End("y5"));
        SearchResult result = await model.SearchAsync(new Mcts(), new() { N = 2, BeamWidth = 2, Iterations = 9 });
        Assert.Equal(["x9", "a5\n\ny5"], result.Completions.Select(completion => completion.Text));
    }

    [Fact]
    public async Task The_first_n_answers_are_the_result_and_what_is_open_is_given_up()
    {
        var model = new FakeModel(Step("a1"), End("b5"), End("c9"), Step("d8"));
        var tree = new SearchTree();
        SearchResult result = await model.SearchAsync(new Mcts(), new() { N = 2, BeamWidth = 4, Iterations = 9 }, tree);
        Assert.Equal(["b5", "c9"], result.Completions.Select(completion => completion.Text));
        Assert.Equal(1, result.Best);
        Assert.Equal([NodeState.Pruned, NodeState.Finished, NodeState.Finished, NodeState.Pruned], tree.Nodes.Select(node => node.State));
    }

    [Fact]
    public async Task The_last_step_runs_to_the_end_and_ends_the_answer()
    {
        var model = new FakeModel(Step("a"), ForeignEnd("b"));
        SearchResult result = await model.SearchAsync(new Mcts(), new() { N = 1, BeamWidth = 1, Iterations = 2 });
        Assert.Equal(["\n\n", null], model.Requests.Select(request => request.Options.StopText));
        Assert.Equal("a\n\nb", Assert.Single(result.Completions).Text);
    }

    [Fact]
    public async Task After_n_times_iterations_steps_every_further_one_runs_to_the_end()
    {
        int written = 0;
        // No answer ever ends by itself, and two steps of three bring nothing.
        var model = new FakeModel(request => request.Options.StopText is null ? End("z") : Step($"{written++ % 3}"));
        SearchResult result = await model.SearchAsync(new Mcts(), new() { N = 3, BeamWidth = 2, Iterations = 5, Exploration = 9 });
        Assert.Equal(3, result.Completions.Count);
        Assert.All(model.Requests.Take(16), request => Assert.NotNull(request.Options.StopText));
        Assert.All(model.Requests.Skip(16), request => Assert.Null(request.Options.StopText));
        Assert.Equal(20, model.Requests.Count);
    }
}
