using System.Globalization;
using CudaSearch.Engine;
using CudaSearch.Search;

namespace CudaSearch.Evaluation.Throughput;

/// <summary>
/// Writes answers of one shape with a model of random weights, which would never end a step itself. The text of a step is the numbers of its tokens, so that
/// a judge can have them back.
/// </summary>
internal sealed class ShapeGenerator(InferenceEngine engine, SearchShape shape, int vocabulary, ulong seed, Usage usage) : IGenerator
{
    /// <summary>Between two tokens of a text.</summary>
    public const char Separator = ' ';

    public IBranch Start(string problem)
    {
        int[] prompt = [.. Enumerable.Range(0, shape.Prompt).Select(i => i % vocabulary)];
        return new Branch(engine, engine.CreateSequence(prompt, new RandomStream(seed, EngineGenerator.ProblemKey(problem), Beam: 0), usage), shape, steps: 0, "");
    }

    private sealed class Branch(InferenceEngine engine, Sequence sequence, SearchShape shape, int steps, string text) : IBranch
    {
        public string Text { get; private set; } = text;

        public int GeneratedTokens => steps * shape.StepTokens;

        public IBranch Fork(int beam) => new Branch(engine, sequence.Fork(beam), shape, steps, Text);

        public IBranch? Revise(string request, int beam) => null;

        public async Task<GeneratedText> GenerateAsync(GenerationOptions options, CancellationToken cancellation)
        {
            int first = sequence.Length;
            await engine.GenerateAsync(sequence, options with { StopText = null, MaxTokens = shape.StepTokens }, cancellation).ConfigureAwait(false);
            bool last = ++steps == shape.Steps;
            string step = Numbers(sequence.Tokens[first..]) + (last ? "" : StepRules.StepEnd);
            Text += step;
            return new GeneratedText(step, last ? StopReason.EndOfSequence : StopReason.StopText, shape.StepTokens);
        }

        public void Dispose() => sequence.Dispose();

        private static string Numbers(ReadOnlySpan<int> tokens)
        {
            string[] numbers = new string[tokens.Length];
            for (int i = 0; i < numbers.Length; i++) numbers[i] = tokens[i].ToString(CultureInfo.InvariantCulture);
            return string.Join(Separator, numbers);
        }
    }
}
