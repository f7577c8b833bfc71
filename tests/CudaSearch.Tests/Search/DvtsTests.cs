using CudaSearch.Engine;
using CudaSearch.Search;
using static CudaSearch.Tests.Search.FakeModel;

namespace CudaSearch.Tests.Search;

/// <summary>The rules of diverse verifier tree search, one by one.</summary>
public sealed class DvtsTests
{
    private static readonly SearchOptions s_four = new() { N = 4, BeamWidth = 2, Iterations = 2 };

    [Fact]
    public async Task Every_subtree_goes_on_from_its_own_best_whatever_the_others_score()
    {
        var model = new FakeModel(Step("a1"), Step("b2"), Step("c9"), Step("d8"), End("w"), End("x"), End("y"), End("z"));
        await model.SearchAsync(new Dvts(), s_four);
        Assert.Equal(["b2\n\n", "b2\n\n", "c9\n\n", "c9\n\n"], model.Requests.Skip(4).Select(request => request.Text));
    }

    [Fact]
    public async Task Of_equal_candidates_the_first_goes_on()
    {
        var model = new FakeModel(Step("a5"), Step("b5"), End("x"), End("y"));
        await model.SearchAsync(new Dvts(), new() { N = 2, BeamWidth = 2, Iterations = 2 });
        Assert.All(model.Requests.Skip(2), request => Assert.Equal("a5\n\n", request.Text));
    }

    [Fact]
    public async Task A_finished_subtree_rests_and_the_other_keeps_its_streams()
    {
        var model = new FakeModel(End("a9"), Step("b2"), Step("c3"), Step("d4"), End("y"), End("z"));
        await model.SearchAsync(new Dvts(), s_four);
        Assert.Equal([0, 1, 2, 3, 2, 3], model.Requests.Select(request => request.Beam));
    }

    [Fact]
    public async Task The_last_candidates_of_every_subtree_are_returned_in_groups_unfinished_siblings_too()
    {
        var model = new FakeModel(End("a9"), Step("b2"), Step("c3"), Step("d4"), End("y1"), End("z2"));
        SearchResult result = await model.SearchAsync(new Dvts(), s_four);
        Assert.Equal(["a9", "b2\n\n", "d4\n\ny1", "d4\n\nz2"], result.Completions.Select(completion => completion.Text));
        Assert.Equal([1, 1, 2, 2], result.Completions.Select(completion => completion.Tokens));
        Assert.Equal(0, result.Best);
    }

    [Fact]
    public async Task A_boxed_answer_finishes_a_subtree_even_when_two_steps_spell_it()
    {
        var model = new FakeModel(ForeignEnd(@"so \box"), new GeneratedText("ed{7}\n\n", StopReason.StopText, 1));
        SearchResult result = await model.SearchAsync(new Dvts(), new() { N = 1, BeamWidth = 1, Iterations = 9 });
        Assert.Equal("so \\boxed{7}\n\n", Assert.Single(result.Completions).Text);
    }

    [Fact]
    public async Task A_boxed_answer_of_a_sibling_or_of_the_lookahead_finishes_nothing()
    {
        var model = new FakeModel(Step("a9"), Step(@"b1 \boxed{1}"), Step(@"\boxed{9}"), Step("x"), End("y9"), End("z"));
        SearchResult result = await model.SearchAsync(new Dvts(), new() { N = 2, BeamWidth = 2, Iterations = 2, Lookahead = 1 });
        Assert.Equal(["a9\n\ny9", "a9\n\nz"], result.Completions.Select(completion => completion.Text));
    }

    [Theory]
    [InlineData(StopReason.EndOfSequence, "a", true)]
    [InlineData(StopReason.Length, "a", true)]
    [InlineData(StopReason.OtherEnd, "", true)]
    [InlineData(StopReason.OtherEnd, "a", false)]
    [InlineData(StopReason.StopText, "a\n\n", false)]
    public async Task A_subtree_finishes_with_its_best_candidate(StopReason reason, string text, bool finishes)
    {
        var model = new FakeModel(new GeneratedText(text, reason, 1), End("b"));
        await model.SearchAsync(new Dvts(), new() { N = 1, BeamWidth = 1, Iterations = 2 });
        Assert.Equal(finishes ? 1 : 2, model.Requests.Count);
    }

    [Fact]
    public async Task Lookahead_decides_which_candidate_goes_on()
    {
        var model = new FakeModel(Step("a5"), Step("b4"), Step("a1"), End("b9"), End("x"), End("y"));
        await model.SearchAsync(new Dvts(), new() { N = 2, BeamWidth = 2, Iterations = 2, Lookahead = 1 });
        Assert.Equal(["a5\n\na1\n\n", "b4\n\nb9"], model.Scored.Take(2));
        Assert.All(model.Requests.Skip(4), request => Assert.Equal("b4\n\n", request.Text));
    }

    [Fact]
    public async Task Scores_of_the_lookahead_stay_in_the_list_of_an_answer_without_it()
    {
        var model = new FakeModel(ForeignEnd(""), End("7\n\n8"));
        SearchResult result = await model.SearchAsync(new Dvts(), new() { N = 1, BeamWidth = 1, Iterations = 2, Lookahead = 1 });
        Completion only = Assert.Single(result.Completions);
        Assert.Equal("", only.Text);
        Assert.Equal([0.7, 0.8], only.StepScores);
    }

    [Theory]
    [InlineData(false, 7)]
    [InlineData(true, 2048)]
    public async Task A_step_is_capped_at_the_options_token_limit_or_as_in_the_original_at_2048(bool original, int cap)
    {
        var model = new FakeModel(End("a"));
        await model.SearchAsync(
            new Dvts(), new() { N = 1, BeamWidth = 1, FixedDvtsStepTokens = original, Sampling = new GenerationOptions { MaxTokens = 7 } });
        Assert.Equal(cap, model.Requests[0].Options.MaxTokens);
    }

    [Fact]
    public async Task Siblings_that_were_left_unfinished_say_so_and_boxed_ones_are_finished()
    {
        var model = new FakeModel(End("a9"), Step("b2"), Step(@"\boxed{3} 1"));
        SearchResult result = await model.SearchAsync(new Dvts(), new() { N = 3, BeamWidth = 3, Iterations = 9 });
        Assert.Equal([true, false, true], result.Completions.Select(completion => completion.Finished));
    }

    [Fact]
    public async Task The_last_iteration_has_no_stop_text_and_no_lookahead()
    {
        var model = new FakeModel(Step("a"), Step("ahead"), End("b"));
        await model.SearchAsync(new Dvts(), new() { N = 1, BeamWidth = 1, Iterations = 2, Lookahead = 1 });
        Assert.Equal(["\n\n", "\n\n", null], model.Requests.Select(request => request.Options.StopText));
    }
}
