using System.Runtime.InteropServices;
using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>Drawing in the epilogue of the output projection gives the tokens that stored logits give, bit for bit, in every tile shape.</summary>
public sealed class LinearSampleKernelTests(DeviceFixture device)
{
    private static readonly SamplingParameters s_greedy = new(0f, 1f, 0, 0f, 0f), s_draw = new(1f, 1f, 0, 0f, 0f, 7);

    private LinearSampleKernel Kernel => new(device.Kernels);

    // Rows at the edges of row tiles; vocabularies that are no multiple of a column tile, nor of the four tokens of a block of noise.
    public static TheoryData<int, int, int> Sizes => new()
    {
        { 1, 1, 64 }, { 2, 3, 64 }, { 1, 1001, 64 }, { 16, 67, 192 }, { 17, 130, 64 }, { 64, 64, 64 }, { 65, 404, 64 }, { 129, 131, 128 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void EveryTileDrawsWhatStoredLogitsGive(int rows, int vocabulary, int k)
    {
        var data = new LinearSampleCase(rows, vocabulary, k) { Draws = AllKindsOfDraws(rows) };
        RequireSame(data);
    }

    [Fact]
    public void RowsThatDrawNothingAreLeftOut()
    {
        // Of 140 rows, those of whole tiles and some between draw nothing; one draws more often than a tile has threads.
        var often = Enumerable.Range(0, 150).Select(i => (71, s_draw with { Key = (ulong)i }));
        var data = new LinearSampleCase(140, 100, 64) { Draws = [(3, s_greedy), (7, s_draw), .. often, (72, s_draw), (139, s_greedy)] };
        RequireSame(data);
        Assert.Empty(new LinearSampleCase(20, 100, 64) { Draws = [] }.DrawInEpilogue(device, Kernel, tile: null).Tokens);
    }

    [Fact]
    public void OfEqualsTheSmallestIdWins()
    {
        // Equal logits in one tile, in neighbouring tiles and far apart; a row of zeros, where all are equal, of both signs.
        var data = new LinearSampleCase(20, 300, 64)
        {
            Draws = [.. Enumerable.Range(0, 20).Select(row => (row, row % 2 == 0 || row > 17 ? s_greedy : s_draw with { Temperature = 1e-30f, Key = (ulong)row }))],
        };
        foreach (int token in (int[])[41, 42, 130, 257, 299]) data.FillWeight(token, 4f);
        foreach (int row in Enumerable.Range(0, 20)) data.FillInput(row, row < 18 ? 1 + row : row == 18 ? 0f : -0f);
        int[] tokens = RequireSame(data);
        Assert.All(tokens[..18], token => Assert.Equal(41, token));
        Assert.All(tokens[18..], token => Assert.Equal(0, token));
    }

    [Fact]
    public void InfiniteLogitsAreDrawnAsEver()
    {
        var data = new LinearSampleCase(4, 200, 64) { Draws = [(0, s_greedy), (0, s_draw), (1, s_greedy), (1, s_draw), (2, s_greedy), (3, s_draw)] };
        for (int token = 0; token < 200; token++) data.FillWeight(token, float.NegativeInfinity);
        foreach (int token in (int[])[90, 150]) data.FillWeight(token, token % 100);
        for (int row = 0; row < 4; row++) data.FillInput(row, 1 + row);
        int[] tokens = RequireSame(data);
        Assert.Equal(90, tokens[0]);

        // All impossible: the first; several certain: the first of them.
        foreach (int token in (int[])[90, 150]) data.FillWeight(token, float.NegativeInfinity);
        Assert.All(RequireSame(data), token => Assert.Equal(0, token));
        foreach (int token in (int[])[77, 78, 150]) data.FillWeight(token, float.PositiveInfinity);
        Assert.All(RequireSame(data), token => Assert.Equal(77, token));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(66)]
    [InlineData(200)]
    public void ALogitThatIsNoNumberIsReported(int place)
    {
        var data = new LinearSampleCase(3, 201, 64) { Draws = [(0, s_greedy), (0, s_draw), (1, s_greedy), (1, s_draw), (2, s_draw)] };
        for (int row = 0; row < 3; row++) data.FillInput(row, 1f);
        data.FillWeight(10, float.PositiveInfinity);
        data.FillInput(1, float.NaN);
        Assert.Equal([10, 10, SampleKernel.NotANumber, SampleKernel.NotANumber, 10], RequireSame(data));
        data.FillWeight(place, float.NaN);
        Assert.All(RequireSame(data), token => Assert.Equal(SampleKernel.NotANumber, token));
        data.Weight.AsSpan(place * 64, 64).Fill(0xFFFF); // of either sign
        Assert.All(RequireSame(data), token => Assert.Equal(SampleKernel.NotANumber, token));
    }

    [Theory]
    [InlineData(0, 64)]
    [InlineData(10, 0)]
    [InlineData(10, 96)]
    public void RefusesSizesItIsNotMadeFor(int vocabulary, int k) => Assert.ThrowsAny<ArgumentException>(
        () => Kernel.Launch(device.Stream, default, default, default, default, default, rowCapacity: 1, vocabulary, k));

    [Theory]
    [InlineData("dropped_tile")]
    [InlineData("larger_id_wins_between_tiles")]
    [InlineData("larger_id_wins_in_a_tile")]
    [InlineData("copies_in_flight")]
    [InlineData("no_ring_barrier")]
    [InlineData("no_tile_barrier")]
    [InlineData("no_last_barrier")]
    [InlineData("no_rank_reset")]
    [InlineData("no_arrival_reset")]
    [InlineData("draws_of_others")]
    [InlineData("padding")]
    [InlineData("spared_too_easily")]
    [InlineData("same_noise")]
    public void CatchesABrokenKernel(string what)
    {
        // The last tile's only token wins often; equals in one tile and in two.
        var data = new LinearSampleCase(70, 129, 128) { Draws = AllKindsOfDraws(70) };
        data.FillWeight(128, 0.5f);
        foreach (int token in (int[])[3, 5, 100]) data.FillWeight(token, -0.5f);
        for (int row = 0; row < 70; row++) data.FillInput(row, row % 2 == 0 ? 1f : -1f);
        // What lies beyond the vocabulary would win.
        var negative = new LinearSampleCase(1, 67, 64);
        negative.FillInput(0, 1f);
        for (int token = 0; token < 67; token++) negative.FillWeight(token, -1f);

        byte[] right = [.. Bytes(data.DrawFromStoredLogits(device)), 1, .. Bytes(negative.DrawFromStoredLogits(device)), 1];
        Mutation.RequireCaught(device, () =>
        {
            using CudaModule module = device.LoadMutation($"linear_sample_{what}");
            var kernel = new LinearSampleKernel(module.GetKernel<LinearSampleKernel.Arguments>);
            return [.. Draw(data, kernel, tile: 1), .. Draw(negative, kernel, tile: 1)];
        }, right);
    }

    // Greedy in both ways to say so, whatever else is set; temperatures of all sizes; none, one or several draws a row.
    private static (int Row, SamplingParameters How)[] AllKindsOfDraws(int rows)
    {
        var random = new Random(rows);
        float[] temperatures = [0f, 0.8f, 1f, 1f, 3f, 1e-38f, 1e-3f, 1e30f, float.MaxValue];
        return [.. Enumerable.Range(0, rows).SelectMany(row => Enumerable.Range(0, rows == 1 ? 12 : row % 4).Select(_ => (row, Draw())))];

        SamplingParameters Draw()
        {
            SamplingParameters how = s_draw with { Temperature = temperatures[random.Next(temperatures.Length)], Key = (ulong)random.NextInt64() };
            return random.Next(6) == 0 ? how with { TopK = 1, TopP = 0.5f } : how;
        }
    }

    private static byte[] Bytes(int[] tokens) => MemoryMarshal.AsBytes<int>(tokens).ToArray();

    // The tokens of the second of two passes, and whether the workspace is left as it was found.
    private byte[] Draw(LinearSampleCase data, LinearSampleKernel kernel, int tile)
    {
        (int[] tokens, bool leftClean) = data.DrawInEpilogue(device, kernel, tile, passes: 2);
        return [.. Bytes(tokens), leftClean ? (byte)1 : (byte)0];
    }

    /// <summary>Both ways, every tile, all schedules, and two passes in one workspace.</summary>
    private int[] RequireSame(LinearSampleCase data)
    {
        int[] expected = data.DrawFromStoredLogits(device);
        byte[][] drawn = Schedules.Run(() => Enumerable.Range(0, LinearSampleKernel.Tiles.Length).Select(tile => Draw(data, Kernel, tile)).ToArray());
        Assert.All(drawn, tokens => Assert.Equal(expected, MemoryMarshal.Cast<byte, int>(tokens.AsSpan(0, tokens.Length - 1)).ToArray()));
        Assert.All(drawn, tokens => Assert.Equal(1, tokens[^1]));
        return expected;
    }
}
