using CudaSearch.Checkpoints;
using CudaSearch.Tests.Verification;
using CudaSearch.Verification;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>
/// Every family of process reward models on the device: head by head, against double precision, and step by step as at once.
/// </summary>
public sealed class PrmTests
{
    // A reward moves by a quarter of its logit's error at most; the logits' is told in ForwardTests.
    private const double Tolerance = 0.02;

    public static TheoryData<PrmFormat> Formats => [.. Enum.GetValues<PrmFormat>()];

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task ScoresAreTheDefinitions(PrmFormat format)
    {
        const string Problem = "How much is 2 + 3 * 4?", Answer = "3 * 4 = 12.\n\n2 + 12 = 14.\n\nThe answer is 14.";
        CancellationToken token = TestContext.Current.CancellationToken;
        using var judge = new JudgeModel(format, type: ElementType.BF16, backend: CudaModels.OpenBackend);
        IReadOnlyList<double> whole;
        using (IVerification verification = judge.Verifier().Start(Problem))
            judge.AssertRight(Problem, Answer, whole = await verification.ScoreAsync(Answer, token), Tolerance);
        judge.AssertEmpty();
        using (IVerification verification = judge.Verifier().Start(Problem))
        {
            string[] steps = Answer.Split("\n\n");
            for (int known = 1; known < steps.Length; known++) await verification.ScoreAsync(string.Join("\n\n", steps[..known]), token);
            Assert.Equal(whole, await verification.ScoreAsync(Answer, token));
        }
        judge.AssertEmpty();
    }
}
