using System.Text;
using CudaSearch.Engine;
using CudaSearch.Tokenization;

namespace CudaSearch.Search;

/// <summary>Writes answers with a language model; branches are sequences that share pages.</summary>
/// <param name="model">The generator.</param>
/// <param name="seed">The run's seed.</param>
/// <param name="systemPrompt">The system message; null leaves it out.</param>
/// <param name="usage">Where the cost is counted.</param>
public sealed class EngineGenerator(LanguageModel model, ulong seed, string? systemPrompt, Usage usage) : IGenerator
{
    private readonly ChatTemplate _template = ChatTemplate.For(model.Tokenizer);

    /// <summary>A stable name for a problem's random numbers: the same text draws the same numbers in any run, order or batch (FNV-1a, 64 bits).</summary>
    public static ulong ProblemKey(string problem)
    {
        ulong hash = 14695981039346656037;
        foreach (byte value in Encoding.UTF8.GetBytes(problem)) hash = (hash ^ value) * 1099511628211;
        return hash;
    }

    /// <summary>Tokens of the prompt that was started last.</summary>
    public int PromptTokens { get; private set; }

    /// <inheritdoc/>
    public IBranch Start(string problem)
    {
        var messages = new List<ChatMessage>();
        if (systemPrompt is not null) messages.Add(new ChatMessage("system", systemPrompt));
        messages.Add(new ChatMessage("user", problem));
        int[] prompt = _template.Render(messages, ChatEnding.GenerationPrompt);
        PromptTokens = prompt.Length;
        Sequence sequence = model.Engine.CreateSequence(prompt, new RandomStream(seed, ProblemKey(problem), Beam: 0), usage);
        return new Branch(model.Engine, sequence, _template, messages);
    }

    private sealed class Branch(InferenceEngine engine, Sequence sequence, ChatTemplate template, IReadOnlyList<ChatMessage> opening) : IBranch
    {
        public string Text { get; private set; } = "";

        public int GeneratedTokens { get; private set; }

        public IBranch Fork(int beam) =>
            new Branch(engine, sequence.Fork(beam), template, opening) { Text = Text, GeneratedTokens = GeneratedTokens };

        public IBranch? Revise(string request, int beam)
        {
            int[] conversation = template.Render(
                [.. opening, new ChatMessage("assistant", Text), new ChatMessage("user", request)], ChatEnding.GenerationPrompt);
            if (conversation.Length >= engine.ContextLength) return null;
            Sequence revision = sequence.Fork(beam);
            try
            {
                int shared = revision.Tokens.CommonPrefixLength(conversation);
                revision.Truncate(shared);
                revision.Append(conversation.AsSpan(shared));
            }
            catch
            {
                revision.Dispose();
                throw;
            }
            return new Branch(engine, revision, template, opening);
        }

        public async Task<GeneratedText> GenerateAsync(GenerationOptions options, CancellationToken cancellation)
        {
            int first = sequence.Length;
            GenerationResult result = await engine.GenerateAsync(sequence, options, cancellation).ConfigureAwait(false);
            Text += result.Text;
            GeneratedTokens += result.GeneratedTokens;
            // With a stop text it is one step.
            return new GeneratedText(result.Text, result.Reason, result.GeneratedTokens, result.LogProbability)
            {
                Source = engine.IsTraced ? new TokenSource(sequence.Age, first) : null,
                StepTokens = options.StopText is null ? StepTokens.Count(engine.Tokenizer!, sequence.Tokens[first..], result) : null,
            };
        }

        public void Dispose() => sequence.Dispose();
    }
}
