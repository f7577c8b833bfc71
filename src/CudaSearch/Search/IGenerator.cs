using CudaSearch.Engine;

namespace CudaSearch.Search;

/// <summary>Writes answers to problems, one branch a beam. The engine-backed one shares the pages of everything branches have in common.</summary>
public interface IGenerator
{
    /// <summary>A branch that holds the problem's prompt and no answer text yet.</summary>
    IBranch Start(string problem);
}

/// <summary>One answer as it grows: the prompt and the text so far.</summary>
public interface IBranch : IDisposable
{
    /// <summary>The answer text so far.</summary>
    string Text { get; }

    /// <summary>How many tokens were generated for <see cref="Text"/>, those of the branches it was forked from included.</summary>
    int GeneratedTokens { get; }

    /// <summary>An independent copy that shares everything computed so far.</summary>
    /// <param name="beam">The random stream the copy draws from: (seed, problem, beam, position) fixes each draw.</param>
    IBranch Fork(int beam);

    /// <summary>
    /// A branch for a new answer after this one: it holds the problem, this answer as it is so far, the user's request as the next turn, and no text yet. What the
    /// two conversations have in common is shared.
    /// </summary>
    /// <param name="request">What the user says to this answer.</param>
    /// <param name="beam">The random stream the new branch draws from.</param>
    /// <returns>Null when the conversation would fill the model's context.</returns>
    IBranch? Revise(string request, int beam);

    /// <summary>Generates until a stop rule holds; the new text is appended to <see cref="Text"/>.</summary>
    Task<GeneratedText> GenerateAsync(GenerationOptions options, CancellationToken cancellation = default);
}

/// <summary>Where tokens are in the trace of an engine.</summary>
/// <param name="Sequence">The sequence they were drawn for.</param>
/// <param name="First">The position of the first.</param>
public readonly record struct TokenSource(long Sequence, int First);

/// <summary>What one generation added.</summary>
/// <param name="Text">The new text, special tokens left out, cut right after the stop text.</param>
/// <param name="Reason">Why it stopped.</param>
/// <param name="Tokens">How many tokens were generated.</param>
/// <param name="LogProbability">
/// With <see cref="GenerationOptions.WithLogProbability"/>, the sum of the tokens' log-probabilities by the model itself: natural logarithms, temperature 1,
/// nothing truncated.
/// </param>
public readonly record struct GeneratedText(string Text, StopReason Reason, int Tokens, double LogProbability = 0)
{
    /// <summary>
    /// Of a text written to its end: how many of <see cref="Tokens"/> began in each piece of <see cref="StepRules.SplitSteps"/>, the end token in the last one. Null where
    /// nobody counted.
    /// </summary>
    public IReadOnlyList<int>? StepTokens { get; init; }

    /// <summary>Where its tokens are in the engine's trace; null when none is written.</summary>
    public TokenSource? Source { get; init; }
}
