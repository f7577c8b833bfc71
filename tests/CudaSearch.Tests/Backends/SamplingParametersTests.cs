using CudaSearch.Backends;

namespace CudaSearch.Tests.Backends;

public sealed class SamplingParametersTests
{
    [Theory]
    [InlineData(0f, 1f, 0, 0f, false, true)]
    [InlineData(0.8f, 1f, 0, 0f, false, true)]
    [InlineData(0f, 0.5f, 40, 0.1f, false, true)]     // the largest logit survives every cut
    [InlineData(0.8f, 0.5f, 1, 0.1f, false, true)]
    [InlineData(0.8f, 0.99f, 0, 0f, false, false)]
    [InlineData(0.8f, 1f, 40, 0f, false, false)]
    [InlineData(0.8f, 1f, 0, 0.01f, false, false)]
    [InlineData(0.8f, 1f, 0, 0f, true, false)]
    [InlineData(0f, 1f, 0, 0f, true, false)]
    public void OneLookAtEachLogitSufficesWhereNothingIsCutOff(float temperature, float topP, int topK, float minP, bool wantsLogProbability, bool expected) =>
        Assert.Equal(expected, new SamplingParameters(temperature, topP, topK, minP, 0f, 0, wantsLogProbability).NeedsOneLook);

    [Fact]
    public void APassStoresLogitsWhereAnyRowNeedsThem()
    {
        SamplingParameters plain = new(0.8f, 1f, 0, 0f, 0f);
        var batch = new StepBatch();
        Assert.False(batch.StoresLogits);
        batch.AddSample(0, plain);
        Assert.False(batch.StoresLogits);
        batch.AddReward(1);
        Assert.False(batch.StoresLogits);
        batch.AddSample(2, plain with { TopP = 0.9f });
        Assert.True(batch.StoresLogits);
        batch.Clear();
        Assert.False(batch.StoresLogits);
        batch.AddLogits(0);
        Assert.True(batch.StoresLogits);
    }
}
