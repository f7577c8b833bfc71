using CudaSearch.Search;

namespace CudaSearch.Tests.Search;

/// <summary>Whatever happens, every branch and verification is given back, and beams that died are given back at once.</summary>
public sealed class SearchLeakTests
{
    private static readonly SearchOptions s_options = new() { N = 4, BeamWidth = 2, Iterations = 4, Lookahead = 1, FilterDuplicates = true, Policy = RandomModel.Policy };

    public static TheoryData<string> Names => new(SearchStrategies.All.Select(strategy => strategy.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_failure_at_any_call_leaks_nothing(string name)
    {
        int calls = await CallsOfAsync(name);
        for (int failing = 0; failing < calls; failing++)
        {
            var model = new FakeModel(RandomModel.Script(1)) { FailAt = failing };
            InvalidOperationException failure = await Assert.ThrowsAsync<InvalidOperationException>(
                () => model.SearchAsync(SearchStrategies.Create(name), s_options));
            Assert.Equal($"call {failing} fails", failure.Message);
            Assert.Equal((0, 0), (model.LiveBranches, model.LiveVerifications));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Cancelling_at_any_call_leaks_nothing_and_leaves_nothing_in_flight(string name)
    {
        int calls = await CallsOfAsync(name);
        for (int last = 0; last < calls; last++)
        {
            using var cancel = new CancellationTokenSource();
            int number = last;
            var model = new FakeModel(RandomModel.Script(1))
            {
                Yields = true,
                Cancellation = cancel.Token,
                OnCall = call => CancelAt(cancel, number, call),
            };
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => model.SearchAsync(SearchStrategies.Create(name), s_options));
            Assert.Equal((0, 0), (model.LiveBranches, model.LiveVerifications));
        }
    }

    [Theory]
    [InlineData("beam")]
    [InlineData("dvts")]
    public async Task No_dead_beam_is_alive_while_steps_are_written_or_scored(string name)
    {
        var model = new FakeModel(RandomModel.Script(1));
        await model.SearchAsync(SearchStrategies.Create(name), s_options with { Lookahead = 0 });
        Assert.Equal(s_options.N, model.MostBranchesGenerating);
        Assert.Equal(s_options.N, model.MostVerificationsScoring);
    }

    private static void CancelAt(CancellationTokenSource cancel, int number, int call)
    {
        if (call == number) cancel.Cancel();
    }

    private static async Task<int> CallsOfAsync(string name)
    {
        var model = new FakeModel(RandomModel.Script(1));
        await model.SearchAsync(SearchStrategies.Create(name), s_options);
        return model.Calls;
    }
}
