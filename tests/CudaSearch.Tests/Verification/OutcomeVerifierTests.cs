using CudaSearch.Verification;

namespace CudaSearch.Tests.Verification;

/// <summary>Verifiers that look at whole answers: an inner one's outcome, and the oracle.</summary>
public sealed class OutcomeVerifierTests
{
    private const string Partial = "0\n\n1\n\n";
    private const string Whole = "0\n\n1\n\nThe answer is $\\boxed{8}$.";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Aggregation.Last, 0.25)]
    [InlineData(Aggregation.Min, 0.25)]
    [InlineData(Aggregation.Prod, 0.09375)]
    [InlineData(Aggregation.Mean, 0.5)]
    public async Task ACompleteAnswerHasTheInnerAggregateWhicheverItIs(Aggregation aggregation, double outcome)
    {
        var inner = new ScriptedVerifier(piece => piece switch { "0" => 0.75, "1" => 0.5, _ => 0.25 });
        using (IVerification verification = new OutcomeVerifier(inner, aggregation).Start("p"))
        {
            using IVerification fork = verification.Fork();
            IReadOnlyList<double> scores = await fork.ScoreAsync(Whole, Token);
            Assert.Equal(3, scores.Count);
            Assert.Equal(outcome, aggregation.Aggregate(scores), 1e-12);
        }
        Assert.Equal(0, inner.Live);
    }

    [Theory]
    [InlineData(Aggregation.Last)]
    [InlineData(Aggregation.Min)]
    [InlineData(Aggregation.Prod)]
    [InlineData(Aggregation.Mean)]
    public async Task APartialAnswerIsNeutralAndCostsNothing(Aggregation aggregation)
    {
        var inner = new ScriptedVerifier(_ => 0.9);
        var verifier = new OutcomeVerifier(inner, aggregation);
        using IVerification verification = verifier.Start("p");
        IReadOnlyList<double> scores = await verification.ScoreAsync(Partial, Token);
        Assert.Equal(3, scores.Count);
        Assert.Equal(verifier.Neutral, aggregation.Aggregate(scores), 1e-12);
        Assert.Empty(inner.Asked);
    }

    [Theory]
    [InlineData(Whole, 1.0, 1.0, 1.0)]
    [InlineData("so the answer is 8.0", 1.0)]
    [InlineData("4+4=8\n\n#### 8", 1.0, 1.0)]
    [InlineData("0\n\n$\\boxed{9}$", 0.0, 0.0)]
    [InlineData(Partial, 0.5, 0.5, 0.5)]
    [InlineData("8", 0.5)]
    public async Task TheOracleKnows(string answer, params double[] expected)
    {
        using IVerification verification = new OracleVerifier("8").Start("p");
        using IVerification fork = verification.Fork();
        Assert.Equal(expected, await fork.ScoreAsync(answer, Token));
    }
}
