using CudaSearch.Search;
using static CudaSearch.Tests.Search.FakeModel;

namespace CudaSearch.Tests.Search;

/// <summary>The rules of particle filtering, one by one.</summary>
public sealed class ParticleFilteringTests
{
    [Fact]
    public async Task Particles_are_drawn_by_the_odds_of_their_scores_with_the_numbers_of_their_round()
    {
        // Odds 1/9, 9, 1 and 1: shares 0.01, 0.81, 0.09, 0.09.
        GeneratedText[] first = [Step("a1"), Step("b9"), Step("c5"), Step("d5")];
        double[] ends = [0.01, 0.82, 0.91, 1];
        double[] odds = [1 / 9.0, 9, 1, 1];
        for (int i = 0; i < 4; i++) Assert.Equal(odds.Take(i + 1).Sum() / odds.Sum(), ends[i], 1e-12);

        var drawn = new HashSet<string>();
        for (ulong seed = 0; seed < 40; seed++)
        {
            var model = new FakeModel([.. first, End("w"), End("x"), End("y"), End("z")]);
            await SearchAsync(model, new() { N = 4, Iterations = 2 }, seed);
            var random = new ChoiceStream(seed, EngineGenerator.ProblemKey("1+1?"));
            string[] expected = [.. Enumerable.Range(0, 4).Select(slot => first[Array.FindIndex(ends, end => random.Uniform(0, slot) < end)].Text)];
            Assert.Equal(expected, model.Requests.Skip(4).Select(request => request.Text));
            Assert.Equal([0, 1, 2, 3], model.Requests.Skip(4).Select(request => request.Beam));
            drawn.UnionWith(expected);
        }
        Assert.Equal(4, drawn.Count);
    }

    [Fact]
    public async Task A_low_temperature_draws_only_the_best()
    {
        var model = new FakeModel(Step("a8"), Step("b9"), Step("c5"), End("x"), End("y"), End("z"));
        await SearchAsync(model, new() { N = 3, Iterations = 2, ResamplingTemperature = 0.01f }, seed: 1);
        Assert.All(model.Requests.Skip(3), request => Assert.Equal("b9\n\n", request.Text));
    }

    [Fact]
    public async Task Finished_particles_are_drawn_with_the_rest_and_never_written_on()
    {
        // Score 0.9 against three of 0: the finished one takes every slot, and nothing is left to write.
        var model = new FakeModel(Step("a0"), End("b9"), Step("c0"), Step("d0"));
        var tree = new SearchTree();
        SearchResult result = await SearchAsync(model, new() { N = 4, Iterations = 5, ResamplingTemperature = 0.1f }, seed: 1, tree);
        Assert.Equal(4, model.Requests.Count);
        Assert.Equal(["b9", "b9", "b9", "b9"], result.Completions.Select(completion => completion.Text));
        Assert.All(result.Completions, completion => Assert.Equal([0.9], completion.StepScores));
        Assert.Equal([NodeState.Pruned, NodeState.Finished, NodeState.Pruned, NodeState.Pruned], tree.Nodes.Select(node => node.State));
    }

    [Fact]
    public async Task A_finished_particle_that_is_not_drawn_is_given_up()
    {
        var model = new FakeModel(End("a0"), Step("b9"), End("x"), End("y"));
        var tree = new SearchTree();
        SearchResult result = await SearchAsync(model, new() { N = 2, Iterations = 5, ResamplingTemperature = 0.1f }, seed: 1, tree);
        Assert.Equal(["b9\n\nx", "b9\n\ny"], result.Completions.Select(completion => completion.Text));
        Assert.Equal(NodeState.Pruned, tree.Nodes[0].State);
    }

    [Fact]
    public async Task Scores_of_exactly_0_and_1_are_drawn_from_as_well()
    {
        var model = new FakeModel(Step("a"), Step("b"), End("x"), End("y"))
        {
            Score = answer => [.. answer.Split("\n\n").Select(_ => answer.StartsWith('b') ? 1.0 : 0.0)],
        };
        SearchResult result = await SearchAsync(model, new() { N = 2, Iterations = 2 }, seed: 1);
        Assert.Equal(["b\n\nx", "b\n\ny"], result.Completions.Select(completion => completion.Text));
    }

    private static Task<SearchResult> SearchAsync(FakeModel model, SearchOptions options, ulong seed, SearchTree? tree = null) =>
        new ParticleFiltering().SearchAsync(new SearchContext("1+1?", model, model, options, tree ?? new SearchTree(), seed), model.Cancellation);
}
