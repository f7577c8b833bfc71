using CsCheck;
using CudaSearch.Answers;
using CudaSearch.Search;
using static CudaSearch.Tests.Search.FakeModel;

namespace CudaSearch.Tests.Search;

/// <summary>Best-of-N and majority that write no more answers than their vote needs.</summary>
public sealed class StopWhenDecidedTests
{
    [Theory]
    [InlineData("5555", 4, "half agree: the other half can at most draw, and the first answer wins draws")]
    [InlineData("55455", 5, "4 to 1 with 3 to come")]
    [InlineData("4545555", 7, "after 6 answers 5 leads by 2 with 2 to come, but appeared second and would lose a draw")]
    [InlineData("54545445", 8, "nothing is decided before the last")]
    public async Task A_majority_vote_stops_when_the_rest_cannot_change_it(string answers, int written, string why)
    {
        var model = new FakeModel([.. answers.PadRight(8, '5').Select(digit => End($@"\boxed{{{digit}}}"))]);
        SearchResult result = await model.SearchAsync(new MajorityVote(), new() { N = 8, StopWhenDecided = Vote.Majority });
        Assert.True(written == result.Completions.Count, why);
        Assert.Equal(Enumerable.Range(0, written), model.Requests.Select(request => request.Beam));
    }

    [Fact]
    public async Task A_weighted_vote_stops_when_the_scores_to_come_cannot_change_it()
    {
        // 4 answers of score 0.9 lead by 3.6 with 4 to come, 5 by 4.5 with 3.
        var model = new FakeModel([.. Enumerable.Repeat(End(@"\boxed{9}"), 5)]);
        SearchResult result = await model.SearchAsync(new BestOfN(), new() { N = 8, StopWhenDecided = Vote.Weighted });
        Assert.Equal(5, result.Completions.Count);
    }

    [Fact]
    public void A_naive_vote_cannot_be_decided_early()
    {
        CudaSearchException refused = Assert.Throws<CudaSearchException>(() => new BestOfN().Validate(new() { StopWhenDecided = Vote.Naive }));
        Assert.StartsWith("a naive vote is never decided early", refused.Message);
    }

    [Theory]
    [InlineData("majority", Vote.Majority)]
    [InlineData("best-of-n", Vote.Weighted)]
    [InlineData("best-of-n", Vote.Majority)]
    public void The_answer_is_that_of_all_n_and_the_answers_written_are_their_first(string name, Vote vote)
    {
        int saved = 0;
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[1, 24]).Sample((seed, n) =>
        {
            Completion[] all = Run(name, seed, new() { N = n }), some = Run(name, seed, new() { N = n, StopWhenDecided = vote });
            if (some.Length < n) Interlocked.Increment(ref saved);
            return some.Select(answer => answer.Text).SequenceEqual(all.Take(some.Length).Select(answer => answer.Text)) && Elect(vote, some) == Elect(vote, all);
        });
        Assert.True(saved > 0, "nothing was saved");
    }

    [Fact]
    public void As_few_answers_are_written_as_could_decide_the_vote()
    {
        Completion[] written = [.. "55545".Select(digit => new Completion($@"\boxed{{{digit}}}", [], 0, 1))];
        Assert.Equal(4, PendingVote.FewestToDecide(Vote.Majority, [], 8));
        Assert.Equal(1, PendingVote.FewestToDecide(Vote.Majority, [], 1));
        Assert.Equal(0, PendingVote.FewestToDecide(Vote.Majority, written, 8));
        // A lead of 3 with 15 to come: 6 more for the leader make it 9 of 9.
        Assert.Equal(6, PendingVote.FewestToDecide(Vote.Majority, written, 20));
    }

    private static Completion[] Run(string name, int seed, SearchOptions options) =>
        [.. new FakeModel(RandomModel.Script(seed)).SearchAsync(SearchStrategies.Create(name), options).GetAwaiter().GetResult().Completions];

    private static string Elect(Vote vote, Completion[] completions)
    {
        string[] answers = [.. completions.Select(completion => AnswerExtractor.Extract(completion.Text))];
        return Voting.Choose(
            vote, answers, [.. answers.Select(CanonicalAnswer.Of)], [.. completions.Select(completion => completion.Aggregate)], answers.Length);
    }
}
