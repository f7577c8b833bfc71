using CudaSearch.Engine;
using CudaSearch.Verification;

namespace CudaSearch.Tests.Verification;

/// <summary>
/// Scores computed step by step, on shared pages and in any company, against a full scoring of each text, in every format.
/// </summary>
public sealed class PrmVerifierTests
{
    private const string Problem = "What is 2 + 3 * 4?";

    public static TheoryData<PrmFormat> Formats => [.. Enum.GetValues<PrmFormat>()];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task AGrowingForkingChangingAnswerIsScoredAsIfWhole(PrmFormat format)
    {
        using var judge = new JudgeModel(format);
        var verifier = judge.Verifier();
        using (IVerification first = verifier.Start(Problem))
        {
            await Score(first, "3 * 4 = 12.\n\n");
            using IVerification twin = first.Fork();
            await Score(first, "3 * 4 = 12.\n\n2 + 12 = 14.\n\n");
            await Score(twin, "3 * 4 = 12.\n\n2 + 12 = 15.\n\n");
            using IVerification late = twin.Fork();
            await Score(twin, "3 * 4 = 12.\n\n2 + 12 = 15.\n\nSo 15.");
            await Score(first, "3 * 4 = 12.\n\n2 + 12 = 14.\n\nThe answer is 14.");
            // Shorter, longer, changed in the middle, changed in all, without steps, with several blank lines, not trimmed, not ASCII.
            string[] answers =
            [
                "3 * 4 = 12.", "3 * 4", "3 * 4 = 13.\n\n2 + 12 = 14.\n\nx", "other", "", "\n\n", "a\n\n\n\nb", "a\n\n\n\n", "  a \n\n b\n",
                "a  \n\nb", "a\n\n\nb\n\n\n", "é\n\n🙂\n\né",
            ];
            foreach (string answer in answers)
                await Score(late, answer);
        }
        judge.AssertEmpty();

        async Task Score(IVerification verification, string answer) => judge.AssertRight(Problem, answer, await verification.ScoreAsync(answer, Token));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task OrderAndCompanyChangeNoBit(PrmFormat format)
    {
        string[] answers = [.. from a in new[] { "one", "two" } from b in new[] { "x = 1", "x = 2", "y" } from c in new[] { "", "so" } select $"{a}\n\n{b}\n\n{c}"];
        using var judge = new JudgeModel(format);
        double[][] alone = new double[answers.Length][];
        for (int i = 0; i < answers.Length; i++)
        {
            using IVerification verification = judge.Verifier().Start(Problem);
            alone[i] = [.. await verification.ScoreAsync(answers[i], Token)];
            judge.AssertRight(Problem, answers[i], alone[i]);
        }
        for (int round = 0; round < 3; round++)
        {
            int[] order = [.. Enumerable.Range(0, answers.Length).OrderBy(i => (i * 7 + round * 5) % answers.Length)];
            var verifier = judge.Verifier();
            using IVerification root = verifier.Start(Problem);
            await Task.WhenAll(order.Select(async i =>
            {
                using IVerification verification = root.Fork();
                string[] steps = answers[i].Split("\n\n");
                for (int known = round == 0 ? steps.Length : 1; known <= steps.Length; known++)
                {
                    string part = string.Join("\n\n", steps[..known]);
                    Assert.Equal(alone[i][..verifier.Split(part).Count], await verification.ScoreAsync(part, Token));
                }
            }));
        }
        judge.AssertEmpty();
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task WhatIsKnownCostsNothing(PrmFormat format)
    {
        using var judge = new JudgeModel(format);
        var usage = new Usage();
        var verifier = judge.Verifier(usage);
        using (IVerification first = verifier.Start(Problem))
        {
            const string Answer = "3 * 4 = 12.\n\n2 + 12 = 14.";
            int length = judge.Text(Problem, Answer).Positions[^1] + 1;
            await first.ScoreAsync(Answer, Token);
            long once = usage.PrefillTokens;
            Assert.InRange(once, length, length + 2);
            for (int i = 0; i < 3; i++)
            {
                using IVerification twin = first.Fork();
                await twin.ScoreAsync(Answer, Token);
            }
            Assert.Equal((once, 4 * length), (usage.PrefillTokens, verifier.TokensWithoutReuse));

            // A new step costs itself and the marks around it, such as RLHFlow's "+", end, user, text, assistant.
            await first.ScoreAsync(Answer + "\n\nabc", Token);
            int more = judge.Text(Problem, Answer + "\n\nabc").Positions[^1] + 1 - length;
            Assert.InRange(more, 3, 8);
            Assert.InRange(usage.PrefillTokens - once, more, more + 1);
        }
        judge.AssertEmpty();
    }

    // As search-and-learn loads them: bfloat16, but Math-Shepherd in half precision, and Skywork's value head in float32. What is rounded lies on the type's grid.
    [Theory]
    [InlineData(PrmFormat.Rlhflow, 8)]
    [InlineData(PrmFormat.Qwen, 8)]
    [InlineData(PrmFormat.MathShepherd, 11)]
    [InlineData(PrmFormat.Skywork, null)]
    [InlineData(PrmFormat.Trl, null)]
    public async Task RoundsAsTheOriginalDoesWhereThatIsAskedFor(PrmFormat format, int? bits)
    {
        string answer = string.Join("\n\n", Enumerable.Range(1, 9).Select(i => $"{i} + {i} = {2 * i}"));
        using var plain = new JudgeModel(format);
        using var rounding = new JudgeModel(format, options: new PrmOptions { OriginalRounding = true });
        IReadOnlyList<double> exact = await ScoreAsync(plain), rounded = await ScoreAsync(rounding);
        if (bits is null)
        {
            Assert.Equal(exact, rounded);
            return;
        }
        Assert.All(rounded, score => Assert.Equal(0, score * Math.Pow(2, bits.Value - 1 - Math.ILogB(score)) % 1));
        Assert.Contains(exact, score => score * Math.Pow(2, bits.Value - 1 - Math.ILogB(score)) % 1 != 0);
        // Two logits below 4 and a reward below 1, each off by half a step at most.
        double tolerance = Math.Pow(2, 2 - bits.Value) * 0.25 * 2 + Math.Pow(2, -bits.Value - 1) + 1e-4;
        foreach ((double a, double b) in exact.Zip(rounded)) Assert.Equal(a, b, tolerance);

        async Task<IReadOnlyList<double>> ScoreAsync(JudgeModel judge)
        {
            using IVerification verification = judge.Verifier().Start(Problem);
            return await verification.ScoreAsync(answer, Token);
        }
    }

    [Fact]
    public async Task StepsBeyondTheContextScoreNothingAndLeakNothing()
    {
        using var judge = new JudgeModel(context: 64);
        var verifier = judge.Verifier();
        using (IVerification verification = verifier.Start(Problem))
        {
            using IVerification twin = verification.Fork();
            string tooLong = "a\n\n" + new string('b', 60);
            for (int i = 0; i < 2; i++)
            {
                IReadOnlyList<double> scores = await verification.ScoreAsync(tooLong + "\n\nc", Token);
                judge.AssertRight(Problem, "a", [scores[0]]);
                Assert.Equal([0.0, 0.0], scores.Skip(1));
                Assert.Equal([0.0], await twin.ScoreAsync(new string('d', 60), Token));
            }
            judge.AssertRight(Problem, "a\n\nb", await twin.ScoreAsync("a\n\nb", Token));
            judge.AssertRight(Problem, "a\n\nc", await verification.ScoreAsync("a\n\nc", Token));
        }
        judge.AssertEmpty();
    }

    [Fact]
    public async Task ACancelledOrDisposedOneDisturbsNobody()
    {
        using var judge = new JudgeModel();
        DateTime end = DateTime.UtcNow.AddSeconds(1.5);
        string[] steps = ["a = 1", "b = 2", "c", ""];
        int[] scored = await Task.WhenAll(Enumerable.Range(0, 4).Select(problem => Task.Run(() => JudgeAsync(problem), Token)));
        Assert.True(scored.Sum() > 20, "hardly anything was scored");
        judge.AssertEmpty();

        async Task<int> JudgeAsync(int seed)
        {
            var random = new Random(seed);
            int count = 0;
            string problem = $"Problem {seed / 2}";
            while (DateTime.UtcNow < end)
            {
                var verifier = judge.Verifier();
                IVerification root = verifier.Start(problem);
                IVerification[] all = [root, .. Enumerable.Range(0, 4).Select(_ => root.Fork())];
                await Task.WhenAll(all.Select(async (verification, i) =>
                {
                    var mine = new Random(seed * 100 + i);
                    string answer = "";
                    for (int step = 0; step < 3; step++)
                    {
                        answer += (step == 0 ? "" : "\n\n") + steps[mine.Next(steps.Length)];
                        using var cancellation = new CancellationTokenSource();
                        Task<IReadOnlyList<double>> scoring = verification.ScoreAsync(answer, cancellation.Token);
                        if (mine.Next(4) == 0) await cancellation.CancelAsync();
                        if (mine.Next(6) == 0) verification.Dispose();
                        try
                        {
                            IReadOnlyList<double> scores = await scoring;
                            lock (judge) judge.AssertRight(problem, answer, scores);
                            Interlocked.Increment(ref count);
                        }
                        catch (OperationCanceledException)
                        {
                            // Asked for.
                        }
                        if (mine.Next(6) != 0) continue;
                        verification.Dispose();
                        return;
                    }
                }).Select(async task =>
                {
                    try
                    {
                        await task;
                    }
                    catch (ObjectDisposedException)
                    {
                        // Disposed above, then used.
                    }
                }));
                foreach (IVerification verification in all) verification.Dispose();
            }
            return count;
        }
    }
}
