using CudaSearch.Verification;

namespace CudaSearch.Tests.Verification;

/// <summary>How a step's equations become its score, and what it means for the steps after it.</summary>
public sealed class RuleVerifierTests
{
    private const double No = RuleVerifier.Wrong, None = RuleVerifier.NoOpinion, Yes = RuleVerifier.Right;

    [Theory]
    [InlineData("1+1=2", Yes)]
    [InlineData("1+1=3", No)]
    [InlineData("let x be 3", None)]
    [InlineData("", None)]
    [InlineData("1+1=2 and 2+2=4", Yes)]
    [InlineData("1+1=2 and 2+2=5", No)]
    [InlineData("1+1=2\n\n", Yes, Yes)]
    [InlineData("1+1=2\n\ntherefore\n\n", Yes, None, None)]
    [InlineData("1+1=3\n\n2+2=4\n\nso\n\n", No, No, No, No)]
    [InlineData("so\n\n1+1=2\n\n1+1=3\n\n1+1=2", None, Yes, No, No)]
    public async Task EveryPieceHasItsScore(string answer, params double[] expected)
    {
        using IVerification verification = new RuleVerifier().Start("any");
        using IVerification fork = verification.Fork();
        Assert.Equal(expected, await fork.ScoreAsync(answer, TestContext.Current.CancellationToken));
        Assert.Equal(expected, await verification.ScoreAsync(answer, TestContext.Current.CancellationToken));
    }
}
