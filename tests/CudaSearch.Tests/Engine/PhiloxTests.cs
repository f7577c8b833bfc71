using CudaSearch.Engine;

namespace CudaSearch.Tests.Engine;

public sealed class PhiloxTests
{
    // philox4x32-10 from kat_vectors of Random123.
    [Theory]
    [InlineData(0ul, 0ul, 0ul, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x299f31d0a4093822ul, 0x85a308d3243f6a88ul, 0x0370734413198a2eul, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void GivesThePublishedWords(ulong key, ulong low, ulong high, uint x0, uint x1, uint x2, uint x3) =>
        Assert.Equal((x0, x1, x2, x3), Philox.Words(key, low, high));

    [Fact]
    public void EveryPartOfTheStreamCounts()
    {
        float[] draws =
        [
            Philox.Uniform(1, 2, 3, 4), Philox.Uniform(2, 2, 3, 4), Philox.Uniform(1, 1ul << 40, 3, 4), Philox.Uniform(1, 2, -3, 4), Philox.Uniform(1, 2, 3, 5),
            Philox.Uniform(1ul << 40, 2, 3, 4), Philox.Uniform(1, 2, 4, 3), Philox.Uniform(1, 3, 2, 4),
        ];
        Assert.Distinct(draws);
        Assert.All(Enumerable.Range(0, 10000), i => Assert.InRange(Philox.Uniform(7, 0, 0, i), 0f, 0.99999994f));
        Assert.Equal(0.5, Enumerable.Range(0, 100_000).Average(i => Philox.Uniform(7, 0, i, 9)), 0.005);
    }

    [Fact]
    public void ADrawIsOfWordsOfItsOwn()
    {
        (uint x0, _, uint x2, uint x3) = Philox.Words(5, 6, 7ul | 8ul << 32);
        (float uniform, ulong key) = Philox.Draw(5, 6, 7, 8);
        Assert.Equal(((x0 >> 8) / 16777216f, (ulong)x3 << 32 | x2), (uniform, key));
        Assert.Equal(uniform, Philox.Uniform(5, 6, 7, 8));
    }
}
