using CudaSearch.Engine;
using CudaSearch.Search;

namespace CudaSearch.Tests.Search;

/// <summary>Options that make no sense are refused before anything is generated, and names that are not known with those that are.</summary>
public sealed class SearchValidationTests
{
    public static TheoryData<string> Names => new(SearchStrategies.All.Select(strategy => strategy.Name));

    [Fact]
    public void All_strategies_are_found_by_name()
    {
        Assert.Equal(["greedy", "majority", "best-of-n", "beam", "dvts", "rebase", "particle-filtering", "mcts", "revision", "confidence", "compute-optimal"], SearchStrategies.All.Select(strategy => strategy.Name));
        Assert.All(SearchStrategies.All, strategy => Assert.Same(strategy, SearchStrategies.Create(strategy.Name)));
        Assert.Equal([false, false, true, true, true, true, true, true, true, false, true], SearchStrategies.All.Select(strategy => strategy.NeedsVerifier));
        Assert.Equal(["greedy", "majority"], SearchStrategies.All.Where(strategy => !strategy.ScoresAnswers).Select(strategy => strategy.Name));
    }

    [Fact]
    public void An_unknown_name_is_refused_with_the_known_ones() =>
        Assert.Equal(
            "there is no strategy named 'guess'; use one of greedy, majority, best-of-n, beam, dvts, rebase, particle-filtering, mcts, revision, confidence, compute-optimal",
            Refused(() => SearchStrategies.Create("guess")));

    [Theory]
    [MemberData(nameof(Names))]
    public void Values_out_of_range_are_named(string name)
    {
        ISearchStrategy strategy = SearchStrategies.Create(name);
        Assert.Equal("n is 0; it must be 1 or greater", Refused(() => strategy.Validate(new() { N = 0 })));
        Assert.Equal("beam-width is -1; it must be 1 or greater", Refused(() => strategy.Validate(new() { BeamWidth = -1 })));
        Assert.Equal("iterations is 0; it must be 1 or greater", Refused(() => strategy.Validate(new() { Iterations = 0 })));
        Assert.Equal("lookahead is -1; it must be 0 or greater", Refused(() => strategy.Validate(new() { Lookahead = -1 })));
        Assert.Equal("chain-length is 0; it must be 1 or greater", Refused(() => strategy.Validate(new() { ChainLength = 0 })));
        Assert.Equal(
            "balance-temperature is 0; it must be a finite number greater than 0", Refused(() => strategy.Validate(new() { BalanceTemperature = 0 })));
        Assert.Equal(
            "resampling-temperature is NaN; it must be a finite number greater than 0",
            Refused(() => strategy.Validate(new() { ResamplingTemperature = float.NaN })));
        Assert.Equal("exploration is -1; it must be a finite number, 0 or greater", Refused(() => strategy.Validate(new() { Exploration = -1 })));
        Assert.Equal("novelty is NaN; it must be a finite number, 0 or greater", Refused(() => strategy.Validate(new() { Novelty = float.NaN })));
        Assert.StartsWith("top-p is 0;", Refused(() => strategy.Validate(new() { Sampling = new GenerationOptions { TopP = 0 } })));
    }

    [Theory]
    [InlineData("dvts", 10, 4, "n is 10 and beam-width 4, but dvts needs an n that beam-width divides; use n 12 or beam-width 2")]
    [InlineData("confidence", 10, 4, "n is 10 and beam-width 4, but confidence needs an n that beam-width divides; use n 12 or beam-width 2")]
    [InlineData("beam", 10, 4, "n is 10 and beam-width 4, but beam needs an n that beam-width divides; use n 12 or beam-width 2")]
    [InlineData("beam", 2, 4, "n is 2 and beam-width 4, but beam needs an n that beam-width divides; use n 4 or beam-width 2")]
    public void A_width_that_does_not_divide_n_is_refused_with_one_that_does(string name, int n, int width, string message)
    {
        Assert.Equal(message, Refused(() => SearchStrategies.Create(name).Validate(new() { N = n, BeamWidth = width })));
        SearchStrategies.Create("best-of-n").Validate(new() { N = n, BeamWidth = width });
    }

    [Fact]
    public void Only_beam_search_can_be_told_to_take_an_uneven_width()
    {
        SearchOptions uneven = new() { N = 10, BeamWidth = 4, AllowUnevenWidth = true };
        new BeamSearch().Validate(uneven);
        Refused(() => new Dvts().Validate(uneven));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_strategy_that_needs_a_verifier_says_so_and_the_others_do_without(string name)
    {
        ISearchStrategy strategy = SearchStrategies.Create(name);
        var model = new FakeModel(_ => FakeModel.End("a"));
        Task Search() => strategy.SearchAsync(new SearchContext("1+1?", model, null, new(), new()), TestContext.Current.CancellationToken);
        if (!strategy.NeedsVerifier)
        {
            await Search();
            return;
        }
        CudaSearchException refused = await Assert.ThrowsAsync<CudaSearchException>(Search);
        Assert.Equal($"the strategy {name} needs a process reward model, and none was given", refused.Message);
        Assert.Equal(0, model.Calls);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task One_beam_is_enough(string name)
    {
        var model = new FakeModel(_ => FakeModel.End("a"));
        SearchResult result = await model.SearchAsync(SearchStrategies.Create(name), new() { N = 1, BeamWidth = 1, Policy = RandomModel.Policy });
        Assert.Equal("a", Assert.Single(result.Completions).Text);
    }

    private static string Refused(Action action)
    {
        CudaSearchException refused = Assert.Throws<CudaSearchException>(action);
        Assert.Equal(Failure.BadInput, refused.Failure);
        return refused.Message;
    }
}
