using CudaSearch.Model;

namespace CudaSearch.Verification;

/// <summary>What answers are judged for.</summary>
/// <param name="Problem">Its text.</param>
/// <param name="SystemPrompt">What the generator was told; only Math-Shepherd is shown it.</param>
internal readonly record struct Question(string Problem, string SystemPrompt);

/// <summary>
/// How a family of process reward models writes an answer down and where it reads its scores. What it writes only grows with the answer, so
/// that nothing is computed twice.
/// </summary>
internal abstract class StepLayout
{
    /// <summary>What reads a score off a position.</summary>
    public abstract RewardHead Head { get; }

    /// <summary>The pieces of an answer that get a score each; at least one.</summary>
    public virtual string[] Split(string answer) => answer.Split("\n\n");

    /// <summary>What precedes every answer. Its last tokens may come out otherwise once a step follows.</summary>
    public abstract int[] Statement(Question question);

    /// <summary>The tokens up to the position at which the first step is judged, that position included.</summary>
    public abstract int[] First(Question question, string step);

    /// <summary>
    /// The tokens that a further step adds: those after the position at which the step before it is judged, up to the one at which it is.
    /// </summary>
    public abstract int[] Next(string step);
}
