using CsCheck;
using CudaSearch.Search;

namespace CudaSearch.Tests.Search;

/// <summary>From scores to shares, from shares to whole numbers and draws.</summary>
public sealed class SharesTests
{
    private static readonly Gen<double[]> s_scores = Gen.Double[0, 1].Array[1, 20];

    [Fact]
    public void Softmax_weighs_by_the_exponential_of_the_score_over_the_temperature()
    {
        double[] shares = Shares.Softmax([Math.Log(6), Math.Log(3), 0], 1);
        Assert.Equal([0.6, 0.3, 0.1], shares.Select(share => Math.Round(share, 12)));
        double[] sharper = Shares.Softmax([Math.Log(3), 0], 0.5);
        Assert.Equal([0.9, 0.1], sharper.Select(share => Math.Round(share, 12)));
    }

    [Fact]
    public void Softmax_of_extreme_scores_is_finite() =>
        Assert.Equal([1.0, 0.0], Shares.Softmax([1e5, -1e5], 0.001));

    [Fact]
    public void What_rounding_leaves_goes_to_the_largest_remainders_and_the_first_of_equals()
    {
        Assert.Equal([2, 1, 1], Shares.Apportion([0.45, 0.3, 0.25], 4));
        Assert.Equal([1, 1, 0], Shares.Apportion([1 / 3.0, 1 / 3.0, 1 / 3.0], 2));
        Assert.Equal([8, 0], Shares.Apportion([1 - 1e-9, 1e-9], 8));
    }

    [Fact]
    public void Apportioned_numbers_add_up_and_keep_within_one_of_their_share() =>
        Gen.Select(s_scores, Gen.Double[0.01, 2], Gen.Int[0, 300]).Sample((scores, temperature, total) =>
        {
            double[] shares = Shares.Softmax(scores, temperature);
            int[] counts = Shares.Apportion(shares, total);
            return counts.Sum() == total && counts.Zip(shares).All(pair => Math.Abs(pair.First - pair.Second * total) < 1 + 1e-9);
        });

    [Fact]
    public void A_pick_falls_into_the_share_that_covers_the_number()
    {
        double[] shares = [0.25, 0, 0.75];
        Assert.Equal([0, 0, 2, 2], new[] { 0, 0.2499, 0.25, 0.9999 }.Select(uniform => Shares.Pick(shares, uniform)));
        Assert.Equal(1, Shares.Pick([0.5, 0.4999999], 0.99999999));
    }

    [Fact]
    public void Choices_differ_by_seed_problem_round_and_draw_and_are_spread_evenly()
    {
        var stream = new ChoiceStream(1, 2);
        double[] draws = [.. from round in Enumerable.Range(0, 50) from draw in Enumerable.Range(0, 50) select stream.Uniform(round, draw)];
        Assert.All(draws, draw => Assert.InRange(draw, 0, 1 - 1e-16));
        Assert.Equal(draws.Length, draws.Distinct().Count());
        Assert.InRange(draws.Average(), 0.48, 0.52);
        Assert.InRange(draws.Count(draw => draw < 0.1) / (double)draws.Length, 0.08, 0.12);
        Assert.NotEqual(stream.Uniform(0, 0), new ChoiceStream(2, 2).Uniform(0, 0));
        Assert.NotEqual(stream.Uniform(0, 0), new ChoiceStream(1, 3).Uniform(0, 0));
    }
}
