using CsCheck;
using CudaSearch.Evaluation.Datasets;

namespace CudaSearch.Tests.Evaluation.Datasets;

public sealed class ShardTests
{
    [Fact]
    public void ShardsInARowAreTheWholeAndDifferByAtMostOne() =>
        Gen.Select(Gen.Int[0, 1000], Gen.Int[1, 2000], Gen.Int[1, 64])
        .Where(x => x.Item3 <= x.Item2)
        .Sample((start, rows, count) =>
    {
        int next = start, smallest = int.MaxValue, largest = 0;
        for (int i = 1; i <= count; i++)
        {
            (int from, int to) = new Shard(i, count).Of(start, start + rows);
            Assert.Equal(next, from);
            next = to;
            (smallest, largest) = (Math.Min(smallest, to - from), Math.Max(largest, to - from));
        }
        return next == start + rows && largest - smallest <= 1;
    });

    [Fact]
    public void AShardWithoutRowsIsRefused() =>
        Assert.Contains("at most 3", Assert.Throws<CudaSearchException>(() => new Shard(1, 4).Of(0, 3)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("2/8", 2, 8)]
    [InlineData("1/1", 1, 1)]
    public void IsRead(string text, int index, int count) => Assert.Equal(new Shard(index, count), Shard.TryParse(text));

    [Theory]
    [InlineData("0/4")]
    [InlineData("5/4")]
    [InlineData("1")]
    [InlineData("1/2/3")]
    [InlineData("-1/4")]
    [InlineData("a/b")]
    public void IsNone(string text) => Assert.Null(Shard.TryParse(text));
}
