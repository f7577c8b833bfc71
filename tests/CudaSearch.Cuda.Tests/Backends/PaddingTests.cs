using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>Padded layouts hold every feature once, zeros elsewhere, and keep the halves of a head half a padded head apart.</summary>
public sealed class PaddingTests
{
    public static TheoryData<int, int, bool> Axes() => new()
    {
        { 1, 1, false }, { 1, 63, false }, { 1, 64, false }, { 1, 65, false }, { 1, 404, false },
        { 1, 2, true }, { 3, 8, true }, { 4, 64, true }, { 2, 66, true }, { 5, 128, true },
    };

    [Theory]
    [MemberData(nameof(Axes))]
    public void EveryFeatureHasOnePlace(int heads, int headSize, bool isHeads)
    {
        var axis = new Axis(heads, headSize, isHeads);
        int length = Padding.Length(axis);
        Assert.Equal(0, length % 64);
        int[] sources = [.. Enumerable.Range(0, length).Select(place => Padding.Source(axis, place))];
        Assert.Equal(Enumerable.Range(0, axis.Length), sources.Where(source => source >= 0));
        if (!isHeads) return;
        int padded = length / heads;
        foreach (int place in Enumerable.Range(0, length).Where(place => place % padded < padded / 2 && sources[place] >= 0))
            Assert.Equal(sources[place] + headSize / 2, sources[place + padded / 2]);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(3, 8)]
    [InlineData(4, 64)]
    [InlineData(2, 66)]
    [InlineData(5, 128)]
    public void PairsThatRotateTogetherAreNeighbours(int heads, int headSize)
    {
        Axis axis = Axis.OfHeads(heads, headSize);
        int[] sources = [.. Enumerable.Range(0, Padding.Length(axis)).Select(place => Padding.PairedSource(axis, place))];
        Assert.Equal(Enumerable.Range(0, axis.Length), sources.Where(source => source >= 0).Order());
        int padded = sources.Length / heads;
        for (int place = 0; place < sources.Length; place += 2)
        {
            // Pair i of a head rotates by the i-th frequency, and padding by none.
            (int head, int pair) = (place / padded, place % padded / 2);
            int expected = pair < headSize / 2 ? head * headSize + pair : -1;
            Assert.Equal((expected, expected < 0 ? -1 : expected + headSize / 2), (sources[place], sources[place + 1]));
        }
    }
}
