using CudaSearch.Engine;
using CudaSearch.Search;
using static CudaSearch.Tests.Search.FakeModel;

namespace CudaSearch.Tests.Search;

/// <summary>The rules of taking a step and looking ahead.</summary>
public sealed class StepGeneratorTests
{
    private static readonly GenerationOptions s_sampling = new() { Temperature = 0.7f, TopP = 0.9f, MaxTokens = 5, StopText = "\n\n" };

    [Fact]
    public async Task Rounds_go_over_all_slots_in_order_and_skip_only_those_that_ended()
    {
        var model = new FakeModel(
            Step("a"), End("b"), ForeignEnd("c"), ForeignEnd(""), Cut("e"),
            End("A"), Step("C"), ForeignEnd(""),
            Step("CC"), Step("DD"));
        IBranch[] slots = Slots(model, 5);
        Step[] steps = await StepGenerator.StepAllAsync(slots, s_sampling, 2, TestContext.Current.CancellationToken);
        Assert.Equal(["", "", "", "", "", "a\n\n", "c", "", "cC\n\n", ""], model.Requests.Select(request => request.Text));
        Assert.Equal(["a\n\n", "b", "c", "", "e"], steps.Select(step => step.Text));
        Assert.Equal(["a\n\nA", "b", "cC\n\nCC\n\n", "DD\n\n", "e"], steps.Select(step => step.WithLookahead));
        Assert.Equal(StopReason.StopText, steps[0].Reason);
    }

    [Fact]
    public async Task Looking_ahead_changes_only_the_temperature()
    {
        var model = new FakeModel(Step("a"), Step("b"));
        await StepGenerator.StepAllAsync(Slots(model, 1), s_sampling, 1, TestContext.Current.CancellationToken);
        Assert.Equal([s_sampling, s_sampling with { Temperature = 0 }], model.Requests.Select(request => request.Options));
    }

    [Fact]
    public async Task What_was_looked_ahead_is_thrown_away()
    {
        var model = new FakeModel(Step("a"), Step("b"));
        IBranch[] slots = Slots(model, 1);
        await StepGenerator.StepAllAsync(slots, s_sampling, 1, TestContext.Current.CancellationToken);
        Assert.Equal(("a\n\n", 1), (slots[0].Text, slots[0].GeneratedTokens));
        Assert.Equal(1, model.LiveBranches);
    }

    private static IBranch[] Slots(FakeModel model, int count) => [.. Enumerable.Range(0, count).Select(_ => ((IGenerator)model).Start("1+1?"))];
}
