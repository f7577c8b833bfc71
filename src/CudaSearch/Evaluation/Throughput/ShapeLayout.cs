using System.Globalization;
using CudaSearch.Model;
using CudaSearch.Search;
using CudaSearch.Verification;

namespace CudaSearch.Evaluation.Throughput;

/// <summary>How a judge of random weights reads the answers of <see cref="ShapeGenerator"/>: their tokens, each step followed by a turn of the conversation.</summary>
internal sealed class ShapeLayout(SearchShape shape, int vocabulary) : StepLayout
{
    private readonly int[] _statement = [.. Enumerable.Range(0, shape.JudgePrompt).Select(i => i % vocabulary)];

    /// <summary>Any two tokens of the vocabulary.</summary>
    public static RewardHead TwoTokens { get; } = new(Positive: 1, Negative: 2);

    public override RewardHead Head => TwoTokens;

    public override string[] Split(string answer) => answer.Split(StepRules.StepEnd, StringSplitOptions.RemoveEmptyEntries);

    public override int[] Statement(Question question) => _statement;

    public override int[] First(Question question, string step) => [.. _statement, .. Next(step)];

    public override int[] Next(string step) =>
    [
        .. step.Split(ShapeGenerator.Separator).Select(number => int.Parse(number, CultureInfo.InvariantCulture) % vocabulary),
        .. Enumerable.Range(0, SearchShape.TurnTokens).Select(i => i % vocabulary),
    ];
}
