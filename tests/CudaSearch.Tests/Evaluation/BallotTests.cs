using CudaSearch.Answers;
using CudaSearch.Evaluation;

namespace CudaSearch.Tests.Evaluation;

/// <summary>Unfinished answers have no vote, as long as a finished one has.</summary>
public sealed class BallotTests
{
    private static readonly string[] s_answers = ["7", "8", "7", "9"];
    private static readonly double[] s_scores = [0.9, 0.5, 0.8, 0.6];

    [Theory]
    [InlineData(Vote.Naive, 4, "9")]
    [InlineData(Vote.Weighted, 4, "9")]
    [InlineData(Vote.Majority, 4, "8")]
    [InlineData(Vote.Majority, 1, "7")] // nobody finished among the first one
    public void TheUnfinishedArePassedOver(Vote vote, int k, string expected) =>
        Assert.Equal(expected, new Ballot(s_answers, s_scores, [false, true, false, true]).Choose(vote, k));

    [Theory]
    [InlineData(Vote.Naive)]
    [InlineData(Vote.Weighted)]
    [InlineData(Vote.Majority)]
    public void WithoutFlagsAllVote(Vote vote) => Assert.Equal("7", new Ballot(s_answers, s_scores, mayVote: null).Choose(vote, 4));
}
