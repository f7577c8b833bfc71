using CudaSearch.Answers;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Datasets;

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

    // search-and-learn's normalisation leaves nothing of either reference, and of an answer without a box as well.
    [Theory]
    [InlineData(@"\text{east}", @"The answer is $\boxed{\text{east}}$.", true)]
    [InlineData(@"\text{east}", @"The answer is $\boxed{\text{west}}$.", false)]
    [InlineData(@"\text{east}", "I do not know.", false)]
    [InlineData(@"1 \pm \sqrt{19}", @"So $x = \boxed{1\pm\sqrt{19}}$.", true)]
    [InlineData(@"1 \pm \sqrt{19}", @"So $x = \boxed{1\sqrt{19}}$.", false)]
    public void WhatWasWrittenIsGraded(string reference, string completion, bool right)
    {
        var row = new DatasetRow(0, "problem", default) { Answer = reference };
        VoteOutcome vote = Assert.Single(ProblemOutcome.Grade(1, row, Ballot.Of([completion], [1.0], mayVote: null)).Votes);
        Assert.Equal((right, right, right, right ? 1.0 : 0.0), (vote.Naive, vote.Weighted, vote.Majority, vote.PassAtK));
    }
}
