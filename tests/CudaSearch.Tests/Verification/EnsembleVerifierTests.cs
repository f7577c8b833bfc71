using CudaSearch.Verification;

namespace CudaSearch.Tests.Verification;

/// <summary>One score of several, with abstentions left out; all members live and end together.</summary>
public sealed class EnsembleVerifierTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Ensemble.Mean, 0.5, 0.75, 0.2)]
    [InlineData(Ensemble.Min, 0.25, 0.5, 0.2)]
    [InlineData(Ensemble.Product, 0.1875, 0.5, 0.2)]
    public async Task ScoresAreCombinedStepByStep(Ensemble ensemble, params double[] expected)
    {
        // In the last step the second member has no opinion.
        var verifier = new EnsembleVerifier(ensemble, new ScriptedVerifier(0.25, 0.5, 0.2), new AbstainingVerifier(0.4, 0.75, 1, 0.4));
        using IVerification verification = verifier.Start("p");
        using IVerification fork = verification.Fork();
        Assert.Equal(expected, await fork.ScoreAsync("0\n\n1\n\n2", Token));
    }

    [Theory]
    [InlineData(Ensemble.Mean)]
    [InlineData(Ensemble.Min)]
    [InlineData(Ensemble.Product)]
    public async Task WithoutAnyOpinionItHasNone(Ensemble ensemble)
    {
        var verifier = new EnsembleVerifier(ensemble, new AbstainingVerifier(0.4, 0.4), new AbstainingVerifier(0.3, 0.3));
        using IVerification verification = verifier.Start("p");
        Assert.Equal([verifier.Neutral], await verification.ScoreAsync("0", Token));
    }

    [Fact]
    public async Task RulesVetoWithoutTouchingWhatTheyPass()
    {
        var verifier = new EnsembleVerifier(Ensemble.Min, new ScriptedVerifier(_ => 0.97), new RuleVerifier());
        using IVerification verification = verifier.Start("p");
        Assert.Equal([0.97, 0.97, RuleVerifier.Wrong], await verification.ScoreAsync("1+1=2\n\nso\n\n1+1=3", Token));
    }

    [Theory]
    [InlineData("1\n\n2\n\n", 0.1, 0.2, 0.2)] // it drops the blank end
    [InlineData("1\n3\n\n2\n4", 0.3, 0.4)] // it sees four steps
    [InlineData("1\n\n2", 0.1, 0.2)]
    public async Task AMemberThatCountsStepsOtherwiseIsAsked(string answer, params double[] expected)
    {
        var verifier = new EnsembleVerifier(Ensemble.Min, new ScriptedVerifier(_ => 1), new LineVerifier());
        using IVerification verification = verifier.Start("p");
        Assert.Equal(expected, await verification.ScoreAsync(answer, Token));
    }

    [Fact]
    public async Task AllMembersEndWithIt()
    {
        ScriptedVerifier a = new(0.5), b = new(0.5);
        IVerification verification = new EnsembleVerifier(Ensemble.Mean, a, b).Start("p");
        IVerification fork = verification.Fork();
        Assert.Equal((2, 2), (a.Live, b.Live));
        verification.Dispose();
        Assert.Equal([0.5], await fork.ScoreAsync("0", Token));
        fork.Dispose();
        Assert.Equal((0, 0), (a.Live, b.Live));
    }

    [Fact]
    public async Task NothingIsLeftWhenAMemberFails()
    {
        var sound = new ScriptedVerifier(0.5);
        Assert.Throws<InvalidOperationException>(() => new EnsembleVerifier(Ensemble.Mean, sound, new ScriptedVerifier { FailsToOpen = true }).Start("p"));
        Assert.Equal(0, sound.Live);
        using (IVerification verification = new EnsembleVerifier(Ensemble.Mean, sound, new ScriptedVerifier { FailsToScore = true }).Start("p"))
            await Assert.ThrowsAsync<InvalidOperationException>(() => verification.ScoreAsync("0", Token));
        Assert.Equal(0, sound.Live);
        Assert.Throws<ArgumentException>(() => new EnsembleVerifier(Ensemble.Mean));
    }

    /// <summary>A step is a line that is not blank; its number is its score in tenths.</summary>
    private sealed class LineVerifier : IVerifier
    {
        public IVerification Start(string problem) => new StatelessVerification((answer, _) => Task.FromResult<IReadOnlyList<double>>(
            [.. answer.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => int.Parse(line) / 10.0)]));
    }
}
