using CudaSearch.Backends;

namespace CudaSearch.Tests.Backends;

public sealed class E4M3Tests
{
    [Fact]
    public void EveryCodeStandsForItsNumber()
    {
        for (int code = 0; code < 256; code++) Assert.Equal((float)E4M3Reference.ValueOf(code), E4M3.ToSingle((byte)code));
    }

    [Fact]
    public void EveryNumberRoundsToItself()
    {
        for (int code = 0; code < 256; code++)
        {
            if ((code & 0x7F) <= E4M3Reference.Largest) Assert.Equal(code, E4M3.Round(E4M3.ToSingle((byte)code)));
        }
    }

    // All points half way between two numbers, where rounding changes its mind, and the floats on either side.
    [Fact]
    public void TiesGoToTheEvenCode()
    {
        foreach (float value in Ties().SelectMany(tie => (float[])[tie, MathF.BitDecrement(tie), MathF.BitIncrement(tie)]))
            Assert.Equal(E4M3Reference.Round(value), E4M3.Round(value));
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(448f)]
    [InlineData(464f)]
    [InlineData(465f)]
    [InlineData(-1e30f)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.Epsilon)]
    [InlineData(-1e-38f)]
    [InlineData(float.NaN)]
    public void TheEndsOfTheRangeRoundAsDefined(float value) => Assert.Equal(E4M3Reference.Round(value), E4M3.Round(value));

    [Fact]
    public void AnyFloatRoundsToTheNearestNumber()
    {
        var random = new Random(1);
        for (int i = 0; i < 20_000; i++)
        {
            float value = (float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-12, 11)));
            Assert.Equal(E4M3Reference.Round(value), E4M3.Round(value));
        }
    }

    [Fact]
    public void WhatIsNoNumberShowsInTheScale()
    {
        Assert.Equal(float.NaN, E4M3.ScaleOf([1f, float.NaN, 2f]));
        Assert.Equal(float.PositiveInfinity, E4M3.ScaleOf([1f, float.NegativeInfinity]));
        Assert.Equal((0f, (byte)0), (E4M3.ScaleOf([0f, -0f]), E4M3.Round(0f, 0f)));
        Assert.Equal(1f, E4M3.ScaleOf([3f, -448f]));
        Assert.Equal(float.NaN, E4M3.KvScaleOf([1f, float.NaN, 2f]));
    }

    [Fact]
    public void ScalesOfKeysAndValuesAreBf16()
    {
        var random = new Random(2);
        for (int i = 0; i < 20_000; i++)
        {
            float[] vector = [(float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-40, 40))), 0f];
            Assert.Equal(E4M3Reference.KvScaleOf(vector), E4M3.KvScaleOf(vector));
        }
    }

    private static IEnumerable<float> Ties()
    {
        for (int code = 0; code < E4M3Reference.Largest; code++)
        {
            float tie = (float)((E4M3Reference.ValueOf(code) + E4M3Reference.ValueOf(code + 1)) / 2);
            yield return tie;
            yield return -tie;
        }
    }
}
