using System.Text.Json;
using CudaSearch.Engine;
using CudaSearch.Search;
using CudaSearch.Verification;

namespace CudaSearch.Tests.Search;

/// <summary>
/// One recorded run as generator and verifier. Whatever the searches ask for stays pending until all of them wait; then the next recorded
/// call is compared with what is pending and served. The problems of a batch thereby advance in lock step, as they did in the original.
/// </summary>
internal sealed class TraceScript(JsonElement trace, TracePump pump)
{
    private readonly List<PendingGeneration> _generations = [];
    private readonly List<PendingScore> _scores = [];

    public IGenerator GeneratorOf(int problem, string assistant = "") => new ScriptedGenerator(this, problem, assistant);

    public IVerifier VerifierOf(int problem) => new ScriptedVerifier(this, problem);

    /// <summary>Serves all recorded calls, and demands that nothing more is asked for.</summary>
    public void Play()
    {
        int number = 0;
        foreach (JsonElement call in trace.GetProperty("calls").EnumerateArray())
        {
            pump.Drain();
            if (call.GetProperty("kind").GetString() == "generate") ServeGenerations(call, number++);
            else ServeScores(call, number++);
        }
        pump.Drain();
        Assert.True(_generations.Count == 0 && _scores.Count == 0, "more was asked for than was recorded");
    }

    private void ServeGenerations(JsonElement call, int number)
    {
        JsonElement requests = call.GetProperty("requests");
        // A lookahead round in which every slot had ended: the original calls with an empty list, we do not call.
        if (requests.GetArrayLength() == 0) return;
        PendingGeneration[] pending = Take(_generations, generation => generation.Problem);
        Assert.True(pending.Length == requests.GetArrayLength(),
            $"call {number}: {pending.Length} generations were asked for, {requests.GetArrayLength()} are recorded");
        for (int i = 0; i < pending.Length; i++)
        {
            Assert.Equal(requests[i].GetProperty("prompt").GetString(), Prompt(pending[i]));
            AssertSampling(call.GetProperty("sampling"), pending[i].Options);
        }
        for (int i = 0; i < pending.Length; i++) pending[i].Result.SetResult(Output(call.GetProperty("outputs")[i]));
    }

    private void ServeScores(JsonElement call, int number)
    {
        (string Question, string Answer, double[] Scores)[] recorded =
        [
            .. from item in call.GetProperty("questions").EnumerateArray().Index()
               from answer in call.GetProperty("answers")[item.Index].EnumerateArray().Index()
               select (item.Item.GetString()!, answer.Item.GetString()!, Doubles(call.GetProperty("scores")[item.Index][answer.Index])),
        ];
        PendingScore[] pending = Take(_scores, score => score.Problem);
        Assert.Equal(recorded.Select(r => (r.Question, r.Answer)), pending.Select(p => (p.Question, p.Answer)));
        Assert.True(recorded.Length > 0, $"call {number} scores nothing");
        foreach ((PendingScore asked, (_, _, double[] scores)) in pending.Zip(recorded)) asked.Result.SetResult(scores);
    }

    public static double[] Doubles(JsonElement array) => [.. array.EnumerateArray().Select(number => number.GetDouble())];

    /// <summary>
    /// Empties the list, since what is asked for while its items are served belongs to a later call. Problem-major, in the order asked
    /// within a problem.
    /// </summary>
    private static T[] Take<T>(List<T> pending, Func<T, int> problem)
    {
        T[] taken = [.. pending.OrderBy(problem)];
        pending.Clear();
        return taken;
    }

    private string Prompt(PendingGeneration asked) =>
        $"<S>{trace.GetProperty("config").GetProperty("system_prompt").GetString()}</S><U>{asked.Question}</U><A>{asked.Text}";

    private static void AssertSampling(JsonElement recorded, GenerationOptions options)
    {
        Assert.Equal((float)recorded.GetProperty("temperature").GetDouble(), options.Temperature);
        Assert.Equal((float)recorded.GetProperty("top_p").GetDouble(), options.TopP);
        Assert.Equal(recorded.GetProperty("max_tokens").GetInt32(), options.MaxTokens);
        Assert.Equal((0, 0f), (options.TopK, options.MinP));
        string?[] stop = [.. recorded.GetProperty("stop").EnumerateArray().Select(text => text.GetString())];
        Assert.Equal(stop.SingleOrDefault(), options.StopText);
        Assert.Equal(recorded.GetProperty("include_stop").GetBoolean(), options.StopText is not null);
        Assert.Equal(1, recorded.GetProperty("n").GetInt32());
    }

    private static GeneratedText Output(JsonElement output)
    {
        JsonElement stop = output.GetProperty("stop_reason");
        bool capped = output.TryGetProperty("finish_reason", out JsonElement finish) && finish.GetString() == "length";
        StopReason reason = stop.ValueKind switch
        {
            JsonValueKind.Null => capped ? StopReason.Length : StopReason.EndOfSequence,
            JsonValueKind.String => stop.GetString() == "\n\n" ? StopReason.StopText : throw new InvalidDataException("unknown stop text"),
            _ => StopReason.OtherEnd,
        };
        int tokens = output.TryGetProperty("tokens", out JsonElement counted) ? counted.GetInt32() : 0;
        return new GeneratedText(output.GetProperty("text").GetString()!, reason, tokens);
    }

    private sealed record PendingGeneration(
        int Problem, string Question, string Text, GenerationOptions Options, TaskCompletionSource<GeneratedText> Result);

    private sealed record PendingScore(int Problem, string Question, string Answer, TaskCompletionSource<IReadOnlyList<double>> Result);

    private sealed class ScriptedGenerator(TraceScript script, int number, string assistant) : IGenerator
    {
        public IBranch Start(string problem) => new ScriptedBranch(script, number, problem, assistant, 0);
    }

    private sealed class ScriptedBranch(TraceScript script, int number, string problem, string text, int tokens) : IBranch
    {
        public string Text { get; private set; } = text;

        public int GeneratedTokens { get; private set; } = tokens;

        public IBranch Fork(int beam) => new ScriptedBranch(script, number, problem, Text, GeneratedTokens);

        public IBranch Revise(string request, int beam) => throw new NotSupportedException("the original revises nothing");

        public async Task<GeneratedText> GenerateAsync(GenerationOptions options, CancellationToken cancellation = default)
        {
            var pending = new PendingGeneration(number, problem, Text, options, new());
            script._generations.Add(pending);
            GeneratedText generated = await pending.Result.Task;
            Text += generated.Text;
            GeneratedTokens += generated.Tokens;
            return generated;
        }

        public void Dispose()
        {
        }
    }

    private sealed class ScriptedVerifier(TraceScript script, int number) : IVerifier
    {
        public IVerification Start(string problem) => new ScriptedVerification(script, number, problem);
    }

    private sealed class ScriptedVerification(TraceScript script, int number, string problem) : IVerification
    {
        public IVerification Fork() => new ScriptedVerification(script, number, problem);

        public Task<IReadOnlyList<double>> ScoreAsync(string answer, CancellationToken cancellation = default)
        {
            var pending = new PendingScore(number, problem, answer, new());
            script._scores.Add(pending);
            return pending.Result.Task;
        }

        public void Dispose()
        {
        }
    }
}
