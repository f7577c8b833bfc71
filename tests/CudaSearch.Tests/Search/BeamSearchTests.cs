using CudaSearch.Search;
using CudaSearch.Verification;
using static CudaSearch.Tests.Search.FakeModel;

namespace CudaSearch.Tests.Search;

/// <summary>The rules of beam search, one by one; the traces hold them all at once.</summary>
public sealed class BeamSearchTests
{
    private static readonly SearchOptions s_four = new() { N = 4, BeamWidth = 2, Iterations = 2 };

    [Fact]
    public async Task Survivors_keep_their_order_and_are_copied_cyclically_each_on_the_stream_of_its_slot()
    {
        var model = new FakeModel(Step("a1"), Step("b9"), Step("c2"), Step("d8"), End("w"), End("x"), End("y"), End("z"));
        await model.SearchAsync(new BeamSearch(), s_four);
        Assert.Equal(["", "", "", "", "b9\n\n", "d8\n\n", "b9\n\n", "d8\n\n"], model.Requests.Select(request => request.Text));
        Assert.Equal([0, 1, 2, 3, 0, 1, 2, 3], model.Requests.Select(request => request.Beam));
    }

    [Fact]
    public async Task Order_of_survivors_is_not_the_order_of_their_scores()
    {
        var model = new FakeModel(Step("a1"), Step("b8"), Step("c2"), Step("d9"), End("w"), End("x"), End("y"), End("z"));
        await model.SearchAsync(new BeamSearch(), s_four);
        Assert.Equal(["b8\n\n", "d9\n\n", "b8\n\n", "d9\n\n"], model.Requests.Skip(4).Select(request => request.Text));
    }

    [Fact]
    public async Task Of_equal_scores_the_later_survive()
    {
        var model = new FakeModel(Step("a5"), Step("b5"), Step("c5"), Step("d1"), End("w"), End("x"), End("y"), End("z"));
        await model.SearchAsync(new BeamSearch(), s_four);
        Assert.Equal(["b5\n\n", "c5\n\n", "b5\n\n", "c5\n\n"], model.Requests.Skip(4).Select(request => request.Text));
    }

    [Fact]
    public async Task Finished_beams_free_their_slots_for_the_survivors()
    {
        var model = new FakeModel(End("a9"), Step("b1"), Step("c2"), Step("d3"), End("w"), End("x"), End("y"), End("z"));
        await model.SearchAsync(new BeamSearch(), s_four);
        Assert.Equal(["c2\n\n", "d3\n\n", "c2\n\n", "d3\n\n"], model.Requests.Skip(4).Select(request => request.Text));
    }

    [Fact]
    public async Task Fewer_beams_than_may_survive_all_survive()
    {
        var model = new FakeModel(End("a"), End("b"), End("c"), Step("d0"), End("w"), End("x"), End("y"), End("z"));
        await model.SearchAsync(new BeamSearch(), s_four);
        Assert.Equal(["d0\n\n", "d0\n\n", "d0\n\n", "d0\n\n"], model.Requests.Skip(4).Select(request => request.Text));
    }

    [Fact]
    public async Task A_width_greater_than_n_keeps_every_beam_as_the_slice_from_minus_zero_does()
    {
        var model = new FakeModel(Step("a1"), Step("b2"), End("x"), End("y"));
        await model.SearchAsync(new BeamSearch(), new() { N = 2, BeamWidth = 3, Iterations = 2, AllowUnevenWidth = true });
        Assert.Equal(["a1\n\n", "b2\n\n"], model.Requests.Skip(2).Select(request => request.Text));
    }

    [Fact]
    public async Task The_last_iteration_has_no_stop_text()
    {
        var model = new FakeModel(Step("a"), End("b"));
        await model.SearchAsync(new BeamSearch(), new() { N = 1, BeamWidth = 1, Iterations = 2 });
        Assert.Equal(["\n\n", null], model.Requests.Select(request => request.Options.StopText));
    }

    [Fact]
    public async Task The_earliest_finishers_are_the_result_however_good_later_ones_are()
    {
        var model = new FakeModel(End("a1"), Step("b2"), End("x9"), End("y8"));
        SearchResult result = await model.SearchAsync(new BeamSearch(), new() { N = 2, BeamWidth = 2, Iterations = 3 });
        Assert.Equal(["a1", "b2\n\nx9"], result.Completions.Select(completion => completion.Text));
        Assert.Equal(1, result.Best);
    }

    [Fact]
    public async Task Sorted_the_best_finishers_are_the_result_and_equals_stay_in_order()
    {
        var model = new FakeModel(End("a1"), Step("b2"), End("x8"), End("y8"));
        SearchResult result = await model.SearchAsync(new BeamSearch(), new() { N = 2, BeamWidth = 2, Iterations = 3, SortCompleted = true });
        Assert.Equal(["b2\n\nx8", "b2\n\ny8"], result.Completions.Select(completion => completion.Text));
        Assert.Equal(0, result.Best);
    }

    [Fact]
    public async Task Sorted_the_search_goes_on_after_n_beams_have_finished()
    {
        // In round 2 the third finisher comes and d1 lives on; only sorting makes round 3 worthwhile.
        GeneratedText[] rounds = [End("a1"), Step("b2"), Step("d1"), End("c3"), End("e9"), End("f9")];
        SearchOptions options = new() { N = 2, BeamWidth = 2, Iterations = 3 };
        var plain = new FakeModel(rounds);
        var sorted = new FakeModel(rounds);
        await plain.SearchAsync(new BeamSearch(), options);
        await sorted.SearchAsync(new BeamSearch(), options with { SortCompleted = true });
        Assert.Equal(4, plain.Requests.Count);
        Assert.Equal(6, sorted.Requests.Count);
    }

    [Fact]
    public async Task Of_beams_with_the_same_text_the_first_is_kept()
    {
        var model = new FakeModel(Step("a9"), Step("a9"), Step("b1"), Step("c2"), End("w"), End("x"), End("y"), End("z"));
        var tree = new SearchTree();
        await model.SearchAsync(new BeamSearch(), s_four with { FilterDuplicates = true }, tree);
        Assert.Equal(["a9\n\n", "c2\n\n", "a9\n\n", "c2\n\n"], model.Requests.Skip(4).Select(request => request.Text));
        Assert.Equal(
            [NodeState.Active, NodeState.Duplicate, NodeState.Pruned, NodeState.Active], tree.Nodes.Take(4).Select(node => node.State));
    }

    [Fact]
    public async Task Unfiltered_beams_with_the_same_text_both_survive()
    {
        var model = new FakeModel(Step("a9"), Step("a9"), Step("b1"), Step("c2"), End("w"), End("x"), End("y"), End("z"));
        await model.SearchAsync(new BeamSearch(), s_four);
        Assert.All(model.Requests.Skip(4), request => Assert.Equal("a9\n\n", request.Text));
    }

    [Fact]
    public async Task An_empty_step_and_the_length_cap_finish_a_beam_and_a_foreign_end_token_does_not()
    {
        var model = new FakeModel(ForeignEnd(""), Cut("b"), ForeignEnd("c3"), End("x"), End("y"), End("z"));
        SearchResult result = await model.SearchAsync(new BeamSearch(), new() { N = 3, BeamWidth = 3, Iterations = 2 });
        Assert.Equal(["", "b", "c3x"], result.Completions.Select(completion => completion.Text));
    }

    [Fact]
    public async Task A_boxed_answer_does_not_finish_a_beam()
    {
        var model = new FakeModel(Step(@"\boxed{7}"), End("more"));
        SearchResult result = await model.SearchAsync(new BeamSearch(), new() { N = 1, BeamWidth = 1, Iterations = 5 });
        Assert.Equal("\\boxed{7}\n\nmore", result.Completions[0].Text);
    }

    [Fact]
    public async Task Lookahead_decides_which_beam_survives()
    {
        var model = new FakeModel(Step("a5"), Step("b4"), Step("1"), End("9"), End("x"), End("y"));
        SearchResult result = await model.SearchAsync(new BeamSearch(), new() { N = 2, BeamWidth = 2, Iterations = 2, Lookahead = 1 });
        Assert.Equal(["a5\n\n1\n\n", "b4\n\n9", "b4\n\nx", "b4\n\ny"], model.Scored);
        Assert.All(model.Requests.Skip(4), request => Assert.Equal("b4\n\n", request.Text));
        Assert.Equal([0.4, 0.4], result.Completions[0].StepScores);
    }

    [Fact]
    public async Task A_finished_beam_is_scored_without_what_an_empty_step_led_to()
    {
        var model = new FakeModel(ForeignEnd(""), End("9"));
        SearchResult result = await model.SearchAsync(new BeamSearch(), new() { N = 1, BeamWidth = 1, Iterations = 2, Lookahead = 1 });
        Assert.Equal([""], model.Scored);
        Assert.Equal([0.0], result.Completions[0].StepScores);
    }

    [Fact]
    public async Task Lookahead_that_is_ignored_is_generated_but_never_scored()
    {
        var model = new FakeModel(Step("a"), Step("ahead"), End("b"));
        SearchOptions options = new() { N = 1, BeamWidth = 1, Iterations = 2, Lookahead = 1, IgnoreLookahead = true };
        SearchResult result = await model.SearchAsync(new BeamSearch(), options);
        Assert.Equal([0.8f, 0f, 0.8f], model.Requests.Select(request => request.Options.Temperature));
        Assert.Equal(["a\n\n", "a\n\nb"], model.Scored);
        Assert.Equal("a\n\nb", result.Completions[0].Text);
    }

    [Fact]
    public async Task Finished_beams_are_scored_with_the_rest_and_partial_answers_with_their_empty_last_piece()
    {
        var model = new FakeModel(End("a7"), Step("b5"), End("x"), End("y"));
        SearchResult result = await model.SearchAsync(new BeamSearch(), new() { N = 2, BeamWidth = 2, Iterations = 2, Aggregation = Aggregation.Min });
        Assert.Equal(["a7", "b5\n\n", "b5\n\nx", "b5\n\ny"], model.Scored);
        Assert.Equal([0.5, 0.5], result.Completions[1].StepScores);
    }

    [Fact]
    public async Task Fewer_finishers_than_n_are_repeated_cyclically()
    {
        var model = new FakeModel(End("a"), End("b"), ForeignEnd("c"));
        SearchResult result = await model.SearchAsync(new BeamSearch(), new() { N = 3, BeamWidth = 3, Iterations = 1 });
        Assert.Equal(["a", "b", "a"], result.Completions.Select(completion => completion.Text));
    }

    [Fact]
    public async Task A_search_that_no_beam_finishes_is_refused_with_the_reason()
    {
        var model = new FakeModel(ForeignEnd("a"));
        CudaSearchException failure = await Assert.ThrowsAsync<CudaSearchException>(
            () => model.SearchAsync(new BeamSearch(), new() { N = 1, BeamWidth = 1, Iterations = 1 }));
        Assert.Contains("no beam finished within 1 iterations", failure.Message);
    }

    [Fact]
    public async Task Tokens_count_shared_prefixes()
    {
        var model = new FakeModel(Step("a1"), Step("b2"), End("x"), End("y"));
        SearchResult result = await model.SearchAsync(new BeamSearch(), new() { N = 2, BeamWidth = 2, Iterations = 2 });
        Assert.Equal([2, 2], result.Completions.Select(completion => completion.Tokens));
    }
}
