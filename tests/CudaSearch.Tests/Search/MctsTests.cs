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
    public async Task A_good_step_whose_successors_fail_is_sampled_from_again_but_competes_with_the_steps_before_it()
    {
        // After c0 and d0 a third step after b8 is worth 0.8 / 3 = 0.27, less than a third first step: 1 / 3. When e0 and f0 fail too, that falls to 1 / 5.
        var model = new FakeModel(Step("a2"), Step("b8"), Step("c0"), Step("d0"), Step("e0"), Step("f0"), End("x"), End("y"));
        await model.SearchAsync(new Mcts(), s_two with { Exploration = 0 });
        Assert.Equal(["", "", "b8\n\n", "b8\n\n", "", "", "b8\n\n", "b8\n\n"], model.Requests.Select(request => request.Text));
    }

    [Fact]
    public async Task A_step_is_worth_its_best_way_on_and_not_the_mean_of_all()
    {
        // The mean after b8 is (0 + 0.7) / 2, less than a6; its best way on is d7, and that is where the search goes.
        var model = new FakeModel(Step("a6"), Step("b8"), Step("c0"), Step("d7"), End("x"), End("y"));
        await model.SearchAsync(new Mcts(), s_two with { Exploration = 0 });
        Assert.All(model.Requests.Skip(4), request => Assert.Equal("b8\n\nd7\n\n", request.Text));
    }

    [Theory]
    [InlineData(0.15f, "b9\n\nc8\n\n")]
    [InlineData(0.25f, "a7\n\n")]
    public async Task Exploration_weighs_what_was_seen_seldom_against_what_scores_well(float exploration, string grown)
    {
        // With e = exploration and sqrt(ln 5) = 1.27: a7 was visited once, 0.7 + 1.27 e; b9 three times, 0.8 + 0.73 e; a new step comes to 0.33 + 0.73 e; they meet at e = 0.19.
        var model = new FakeModel(Step("a7"), Step("b9"), Step("c8"), Step("d8"), End("x"), End("y"));
        await model.SearchAsync(new Mcts(), s_two with { Exploration = exploration });
        Assert.All(model.Requests.Skip(4), request => Assert.Equal(grown, request.Text));
    }

    [Fact]
    public async Task A_good_answer_speaks_for_sampling_again_where_it_came_from_and_is_never_written_on()
    {
        var model = new FakeModel(Step("a1"), Step("b9"), End("x9"), Step("y0"), End("z9"), End("w9"));
        SearchResult result = await model.SearchAsync(new Mcts(), s_two with { N = 3, Exploration = 0 });
        Assert.All(model.Requests.Skip(2), request => Assert.Equal("b9\n\n", request.Text));
        Assert.Equal(["b9\n\nx9", "b9\n\nz9", "b9\n\nw9"], result.Completions.Select(completion => completion.Text));
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
        var model = new FakeModel(Step("a9"), ForeignEnd("b"));
        SearchResult result = await model.SearchAsync(new Mcts(), new() { N = 1, BeamWidth = 1, Iterations = 2 });
        Assert.Equal(["\n\n", null], model.Requests.Select(request => request.Options.StopText));
        Assert.Equal("a9\n\nb", Assert.Single(result.Completions).Text);
    }

    [Fact]
    public async Task When_twice_n_steps_a_level_are_spent_every_further_one_runs_to_the_end()
    {
        // No answer ends by itself, and every step but the first is hopeless, so the tree has two levels: 2 * 3 * (2 + 1) = 18 steps.
        var model = new FakeModel(request => request.Options.StopText is null ? End("z") : Step(request.Text.Length == 0 ? "a9" : "b0"));
        SearchResult result = await model.SearchAsync(new Mcts(), new() { N = 3, BeamWidth = 2, Iterations = 5 });
        Assert.Equal(3, result.Completions.Count);
        Assert.All(model.Requests.Take(18), request => Assert.NotNull(request.Options.StopText));
        Assert.All(model.Requests.Skip(18), request => Assert.Null(request.Options.StopText));
        Assert.Equal(22, model.Requests.Count);
    }
}
