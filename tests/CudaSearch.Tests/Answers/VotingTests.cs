using CsCheck;
using CudaSearch.Answers;

namespace CudaSearch.Tests.Answers;

public sealed class VotingTests
{
    [Fact]
    public void Ties_go_to_the_first()
    {
        string[] answers = ["b", "a", "a", "b"];
        double[] scores = [0.5, 1, 0, 0.5];
        Assert.Equal("b", Voting.Majority(answers, answers, 4));
        Assert.Equal("b", Voting.Weighted(answers, answers, scores, 4));
        Assert.Equal("a", Voting.Naive(answers, scores, 4));
        Assert.Equal("c", Voting.Naive(["c", "d"], [1, 1], 2));
    }

    [Fact]
    public void Only_the_first_k_take_part_and_the_group_answers_with_its_first_text()
    {
        string[] answers = ["0.5", "3", @"\frac{1}{2}", "3", "3"];
        string[] canonical = [.. answers.Select(CanonicalAnswer.Of)];
        Assert.Equal("0.5", Voting.Majority(answers, canonical, 4));
        Assert.Equal("3", Voting.Majority(answers, canonical, 5));
        Assert.Equal("0.5", Voting.Weighted(answers, canonical, [0.3, 0.5, 0.3, 0, 9], 4));
        Assert.Equal("3", Voting.Weighted(answers, canonical, [0.3, 0.5, 0.3, 0, 9], 5));
    }

    [Fact]
    public void Negative_scores_are_weights_too() => Assert.Equal("b", Voting.Weighted(["a", "a", "b"], ["a", "a", "b"], [-1, -1, -1.5], 3));

    [Theory]
    [InlineData(1, new[] { 1 })]
    [InlineData(6, new[] { 1, 2, 4 })]
    [InlineData(64, new[] { 1, 2, 4, 8, 16, 32, 64 })]
    public void Votes_are_reported_at_powers_of_two(int n, int[] counts) => Assert.Equal(counts, Voting.SampleCounts(n));

    /// <summary>The obvious reference: of all ways to draw k of n completions, the share that holds a right one.</summary>
    [Fact]
    public void Pass_at_k_is_the_share_of_draws_with_a_right_answer()
    {
        for (int n = 1; n <= 10; n++)
        {
            for (int c = 0; c <= n; c++)
            {
                for (int k = 1; k <= n; k++)
                {
                    uint[] draws = [.. Enumerable.Range(0, 1 << n).Select(set => (uint)set).Where(set => uint.PopCount(set) == k)];
                    double expected = draws.Count(set => (set & ((1u << c) - 1)) != 0) / (double)draws.Length;
                    Assert.Equal(expected, Voting.PassAtK(n, c, k), 1e-12);
                }
            }
        }
    }

    [Fact]
    public void Pass_at_one_is_the_share_of_right_answers_however_many() =>
        Gen.Select(Gen.Int[1, 100_000], Gen.Double.Unit).Sample((n, share) =>
        {
            int right = (int)(share * n);
            Assert.Equal(right / (double)n, Voting.PassAtK(n, right, 1), 1e-9);
        }, iter: 100);

    [Fact]
    public void Misuse_is_refused()
    {
        Assert.ThrowsAny<ArgumentException>(() => Voting.Naive([], [], 1));
        Assert.ThrowsAny<ArgumentException>(() => Voting.Naive(["a"], [double.NaN], 1));
        Assert.ThrowsAny<ArgumentException>(() => Voting.Weighted(["a"], ["a"], [1, 2], 1));
        Assert.ThrowsAny<ArgumentException>(() => Voting.Majority(["a"], ["a"], 2));
        Assert.ThrowsAny<ArgumentException>(() => Voting.PassAtK(4, 5, 1));
    }
}
