using CudaSearch.Backends;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>
/// Passes of two models under way at once. The host device runs nothing before somebody looks, and under a seed the nodes of both graphs in any order: what two
/// passes shared without saying so would show.
/// </summary>
public sealed class OverlapTests
{
    private const int Passes = 6;
    private static readonly ulong[] s_seeds = [0, 1, 2, 3];

    [Fact]
    public void PassesOfTwoModelsAreUnderWayAtOnce()
    {
        using var models = new TwoModels();
        PassSeries generator = models.Series(models.Generator), judge = models.Series(models.Judge);
        long before = HostControl.Counters.OverlappingGraphLaunches;
        generator.Launch();
        judge.Launch();
        Assert.Equal(1, HostControl.Counters.OverlappingGraphLaunches - before);
        Assert.False(generator.IsDone || judge.IsDone, "a pass was waited for while it was launched");
        // One at a time comes to its end while the other stays where it is.
        judge.Finish();
        Assert.False(generator.IsDone);
        Assert.True(SpinWait.SpinUntil(() => generator.IsDone, TimeSpan.FromSeconds(30)));
        generator.Finish();
    }

    [Theory]
    [InlineData(WeightPrecision.Stored, KvPrecision.Native)]
    [InlineData(WeightPrecision.Fp8, KvPrecision.Fp8)]
    public void TheyGiveWhatTheyGiveOneAfterTheOtherInEveryOrder(WeightPrecision weights, KvPrecision kv)
    {
        var precision = new ModelPrecision(weights, kv);
        int[][] alone = Alone(precision);
        foreach (ulong seed in s_seeds)
        {
            int[][] together = Schedules.With(seed, () => Together(seed, precision));
            Assert.Equal(alone[0], together[0]);
            Assert.Equal(alone[1], together[1]);
        }
    }

    [Fact]
    public void AModelHasOnePassUnderWay()
    {
        using var models = new TwoModels();
        PassSeries series = models.Series(models.Generator);
        series.Launch();
        Assert.Throws<InvalidOperationException>(series.Launch);
    }

    [Fact]
    public void AModelThatGoesInTheMiddleOfAPassLeavesTheOtherAlone()
    {
        int[] expected = Alone(default)[1];
        HostCounters before = HostControl.Counters;
        using (var models = new TwoModels())
        {
            PassSeries generator = models.Series(models.Generator), judge = models.Series(models.Judge);
            judge.Launch();
            generator.Launch();
            models.Generator.Dispose();
            judge.Finish();
            judge.Run(Passes - 1);
            Assert.Equal(expected, judge.Results);
            judge.Launch();
        }
        HostCounters after = HostControl.Counters;
        Assert.Equal(before.LiveDeviceAllocations, after.LiveDeviceAllocations);
        Assert.Equal(before.LiveHostAllocations, after.LiveHostAllocations);
    }

    private static int[][] Alone(ModelPrecision precision)
    {
        using var models = new TwoModels(overlapped: false, precision);
        PassSeries generator = models.Series(models.Generator), judge = models.Series(models.Judge);
        generator.Run(Passes);
        judge.Run(Passes);
        return [[.. generator.Results], [.. judge.Results]];
    }

    // The generator goes on while one pass of the judge is under way, and the other way round, in an order that depends on the seed.
    private static int[][] Together(ulong seed, ModelPrecision precision)
    {
        using var models = new TwoModels(overlapped: true, precision);
        PassSeries[] series = [models.Series(models.Generator), models.Series(models.Judge)];
        int[] left = [Passes, Passes];
        var random = new Random((int)seed);
        foreach (PassSeries one in series) one.Launch();
        while (left[0] + left[1] > 0)
        {
            int next = random.Next(2);
            if (left[next] == 0) continue;
            series[next].Finish();
            if (--left[next] > 0) series[next].Launch();
        }
        return [[.. series[0].Results], [.. series[1].Results]];
    }
}
