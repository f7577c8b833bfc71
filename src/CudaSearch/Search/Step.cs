using CudaSearch.Engine;

namespace CudaSearch.Search;

/// <summary>One step a branch took.</summary>
/// <param name="Text">The text of the step, the blank line that ends it included.</param>
/// <param name="Reason">Why it ended.</param>
/// <param name="WithLookahead">The step and the greedy steps looked ahead after it; just the step when none were.</param>
internal readonly record struct Step(string Text, StopReason Reason, string WithLookahead)
{
    /// <summary>Where its tokens are in the engine's trace.</summary>
    public TokenSource? Source { get; init; }

    /// <summary>Whether the answer is complete with this step: the sequence ended, or there was nothing more to say.</summary>
    public bool EndsAnswer => Reason.EndsAnswer() || Text.Length == 0;

    /// <summary>Why the answer is complete with this step; null where it is not.</summary>
    public DecisionReason? WhyEnded() => Reason switch
    {
        StopReason.EndOfSequence => DecisionReason.EndOfSequence,
        StopReason.Length => DecisionReason.TokenLimit,
        _ => EndsAnswer ? DecisionReason.NothingAdded : null,
    };

    /// <summary>Tokens written, those of <see cref="WithLookahead"/> included.</summary>
    public int Tokens { get; init; }

    /// <summary>Of those, the tokens of what was looked ahead.</summary>
    public int LookaheadTokens { get; init; }

    /// <summary>The sum of their log-probabilities, where these were asked for.</summary>
    public double LogProbability { get; init; }

    /// <summary>How sure the model was of them: the geometric mean of their probabilities, in (0, 1]; 0 where there are none.</summary>
    public double Confidence => Tokens == 0 ? 0 : Math.Exp(LogProbability / Tokens);

    /// <summary>The greedy steps looked ahead, without the step itself.</summary>
    public string Lookahead => WithLookahead[Text.Length..];
}
