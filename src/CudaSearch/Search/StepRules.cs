using CudaSearch.Engine;

namespace CudaSearch.Search;

/// <summary>When a step, and when an answer, is over: search-and-learn's rules on top of vLLM's stop reasons.</summary>
internal static class StepRules
{
    /// <summary>The blank line that ends a step and stays part of it.</summary>
    public const string StepEnd = "\n\n";

    /// <summary>
    /// Whether the generation ended the answer. Kept from the original: the length cap counts as the end (vLLM reports no stop reason for
    /// either), while an end token that is not the tokenizer's own does not; the next step after it is usually empty, which ends the answer.
    /// </summary>
    public static bool EndsAnswer(this StopReason reason) => reason is StopReason.EndOfSequence or StopReason.Length;

    /// <summary>Whether no iteration follows: its step runs to the end of the sequence.</summary>
    public static bool IsLast(this SearchOptions options, int iteration) => iteration == options.Iterations - 1;

    /// <summary>How the step of an iteration is sampled: up to a blank line, and in the last iteration to the end of the sequence.</summary>
    public static GenerationOptions StepSampling(this SearchOptions options, int iteration) =>
        options.Sampling with { StopText = options.IsLast(iteration) ? null : StepEnd };

    /// <summary>How many greedy steps to look ahead: none in the last iteration, whose step runs to the end.</summary>
    public static int LookaheadIn(this SearchOptions options, int iteration) => options.IsLast(iteration) ? 0 : options.Lookahead;

    /// <summary>The pieces a verifier scores one by one, each with the blank line that ends it; text ending in one has an empty last piece.</summary>
    public static string[] SplitSteps(string text)
    {
        string[] pieces = text.Split(StepEnd);
        for (int i = 0; i < pieces.Length - 1; i++) pieces[i] += StepEnd;
        return pieces;
    }
}
