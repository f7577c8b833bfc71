using CudaSearch.Verification;

namespace CudaSearch.Tests.Verification;

public sealed class AggregationTests
{
    [Theory]
    [InlineData(Aggregation.Last, 0.5)]
    [InlineData(Aggregation.Min, 0.25)]
    [InlineData(Aggregation.Prod, 0.09375)]
    [InlineData(Aggregation.Mean, 0.5)]
    public void Aggregates_step_scores(Aggregation aggregation, double expected) =>
        Assert.Equal(expected, aggregation.Aggregate([0.75, 0.25, 0.5]));

    [Fact]
    public void Products_are_taken_from_left_to_right()
    {
        // From right to left the last bit differs.
        double[] scores = [0.1, 0.2, 0.3];
        Assert.NotEqual(0.1 * (0.2 * 0.3), 0.1 * 0.2 * 0.3);
        Assert.Equal(0.1 * 0.2 * 0.3, Aggregation.Prod.Aggregate(scores));
    }

    [Theory]
    [InlineData(Aggregation.Last)]
    [InlineData(Aggregation.Min)]
    [InlineData(Aggregation.Prod)]
    [InlineData(Aggregation.Mean)]
    public void One_score_is_its_own_aggregate(Aggregation aggregation) => Assert.Equal(0.637, aggregation.Aggregate([0.637]));

    [Fact]
    public void No_scores_have_no_aggregate() => Assert.Throws<ArgumentException>(() => Aggregation.Last.Aggregate([]));
}
