using System.Diagnostics;
using CudaSearch.Tests.Checkpoints;
using CudaSearch.Verification;

namespace CudaSearch.Tests.Verification;

/// <summary>Programs that judge, well and badly, as shell scripts.</summary>
public sealed class ProgramVerifierTests : IDisposable
{
    /// <summary>Answers every question with 0.5 for its second step, whatever it is.</summary>
    private const string Fixed = """while read line; do echo '{"scores": [1, 0.5]}'; done""";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly TempFolder _folder = new();

    public ProgramVerifierTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "the programs are shell scripts");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task QuestionsAndAnswersAreJsonLines()
    {
        string log = _folder.File("log");
        using (var verifier = new ProgramVerifier($$"""while read -r line; do printf '%s\n' "$line" >> '{{log}}'; echo '{"scores": [1, 0.5], "remark": "é"}'; done""", s_patience))
        {
            using IVerification verification = verifier.Start("1 + \"1\"?\nÉ");
            using IVerification fork = verification.Fork();
            Assert.Equal([1, 0.5], await verification.ScoreAsync("a\n\nb", Token));
            Assert.Equal([1, 0.5, 0.5], await fork.ScoreAsync("a\\\n\nb\n\n", Token));
            Assert.Equal([0.5], await fork.ScoreAsync("", Token));
            Assert.Equal([1, 0.5], await fork.ScoreAsync("a\n\nb", Token)); // known
        }
        Assert.Equal(
            ["""{"problem":"1 + \"1\"?\nÉ","steps":["a","b"]}""", """{"problem":"1 + \"1\"?\nÉ","steps":["a\\","b"]}"""],
            await File.ReadAllLinesAsync(log, Token));
    }

    [Fact]
    public async Task ManyLongQuestionsAtOnceFillNoPipe()
    {
        // The program reads all questions before it answers the first, and says more on standard error than a pipe holds.
        const int Count = 40;
        string script = $$"""
            i=0; while [ $i -lt {{Count}} ]; do read -r line; head -c 20000 /dev/zero >&2; i=$((i+1)); done
            i=0; while [ $i -lt {{Count}} ]; do echo "{\"scores\": [0.$((100+i))]}"; i=$((i+1)); done
            """;
        using var verifier = new ProgramVerifier(script, s_patience);
        Task<IReadOnlyList<double>>[] scores = new Task<IReadOnlyList<double>>[Count];
        for (int i = 0; i < Count; i++) scores[i] = verifier.Start($"problem {i}").ScoreAsync(new string('x', 30000), Token);
        for (int i = 0; i < Count; i++) Assert.Equal([(100 + i) / 1000.0], await scores[i]);
    }

    [Theory]
    [InlineData("exit 3", "ended with status 3")]
    [InlineData("echo no such model >&2; exit 3", "ended with status 3", "no such model")]
    [InlineData("read line; kill -9 $$", "ended with status 137")]
    [InlineData("there-is-no-such-program-here", "ended with status 127", "not found")]
    [InlineData("read line; exec >&-; sleep 30", "closed its output")]
    [InlineData("echo hello; sleep 30", "a line that is not JSON", "hello")]
    [InlineData("echo '[1, 1]'; sleep 30", "something other than {\"scores\": [ … ]}", "[1, 1]")]
    [InlineData("echo '{\"score\": 1}'; sleep 30", "something other than", "{\"score\": 1}")]
    [InlineData("echo '{\"scores\": [1]}'; sleep 30", "1 scores for 2 steps")]
    [InlineData("echo '{\"scores\": [1, 1.5]}'; sleep 30", "no number from 0 to 1")]
    [InlineData("echo '{\"scores\": [1, null]}'; sleep 30", "no number from 0 to 1")]
    [InlineData("echo; sleep 30", "a line that is not JSON")]
    public async Task ABadProgramFailsEveryQuestionWithOneClearMessage(string command, params string[] parts)
    {
        using var verifier = new ProgramVerifier(command, s_patience);
        Task<IReadOnlyList<double>>[] asked = [.. Enumerable.Range(0, 3).Select(i => verifier.Start($"p{i}").ScoreAsync("a\n\nb", Token))];
        foreach (Task<IReadOnlyList<double>> question in asked) Check(await Assert.ThrowsAsync<CudaSearchException>(() => question));
        Check(await Assert.ThrowsAsync<CudaSearchException>(() => verifier.Start("later").ScoreAsync("a\n\nb", Token)));

        void Check(CudaSearchException e)
        {
            Assert.Equal(Failure.BadInput, e.Failure);
            Assert.StartsWith($"the program verifier \"{command}\" ", e.Message);
            Assert.All(parts, part => Assert.Contains(part, e.Message));
        }
    }

    [Theory]
    [InlineData("sleep 30")]
    [InlineData("while read line; do sleep 30; done")]
    [InlineData("read line; echo '{\"scores\": [1, 1]}'; sleep 30")]
    public async Task ASlowProgramIsGivenUp(string command)
    {
        var clock = Stopwatch.StartNew();
        using (var verifier = new ProgramVerifier(command, TimeSpan.FromSeconds(0.5)))
        {
            // More than a pipe holds, so that the writer waits, too.
            IVerification verification = verifier.Start(new string('p', 200000));
            Exception? first = await Record.ExceptionAsync(() => verification.ScoreAsync("a\n\nb", Token));
            Exception? second = await Record.ExceptionAsync(() => verification.ScoreAsync("a\n\nc", Token));
            Assert.Contains("no answer within 0.5 s", Assert.IsType<CudaSearchException>(second).Message);
            Assert.True(first is null or CudaSearchException);
        }
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"it took {clock.Elapsed}");
    }

    [Fact]
    public async Task ASteadyProgramMayTakeLongerInAllThanForOneAnswer()
    {
        using var verifier = new ProgramVerifier("""while read line; do sleep 0.3; echo '{"scores": [1]}'; done""", TimeSpan.FromSeconds(1));
        IVerification verification = verifier.Start("p");
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => verification.ScoreAsync($"{i}", Token)));
    }

    [Fact]
    public async Task ACancelledQuestionDisturbsNobody()
    {
        using var verifier = new ProgramVerifier("""read line; sleep 0.3; echo '{"scores": [0.1]}'; read line; echo '{"scores": [0.2]}'""", s_patience);
        using var cancellation = new CancellationTokenSource();
        using IVerification verification = verifier.Start("p");
        Task<IReadOnlyList<double>> first = verification.ScoreAsync("a", cancellation.Token), second = verification.ScoreAsync("b", Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal([0.2], await second);
    }

    [Fact]
    public async Task ItsEndIsOurs()
    {
        string mark = _folder.File("ended");
        var polite = new ProgramVerifier($"{Fixed}; touch '{mark}'", s_patience);
        Assert.Equal([1, 0.5], await polite.Start("p").ScoreAsync("a\n\nb", Token));
        polite.Dispose();
        Assert.True(File.Exists(mark), "it was not given the time to end");
        var clock = Stopwatch.StartNew();
        new ProgramVerifier("trap '' TERM; sleep 30", s_patience).Dispose();
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"it took {clock.Elapsed}");
    }
}
