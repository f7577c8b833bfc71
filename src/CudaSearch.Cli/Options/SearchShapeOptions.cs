using System.CommandLine;
using CudaSearch.Checkpoints;
using CudaSearch.Evaluation.Throughput;

namespace CudaSearch.Cli.Options;

/// <summary>Which whole search <c>bench</c> measures, when it measures one.</summary>
internal sealed class SearchShapeOptions
{
    private readonly Option<string?> _search = Values.OptionalChoice("--search", "a whole search by two models with random weights, instead of single passes: beam", ["beam"]);
    private readonly Option<int> _n = Values.Integer("--n", "search: beams alive at once", 64, minimum: 1, "-n");
    private readonly Option<int> _beamWidth = Values.Integer("--beam-width", "search: the best n/width beams live on", 4, minimum: 1);
    private readonly Option<string> _judge = Values.Choice("--prm-shape", "search: the shape of the model that judges", "tinymath", [.. ModelShapes.All.Keys]);
    private readonly Option<int> _judgePrompt = Values.Integer("--prm-prefix", "search: tokens before the answer that the judge reads", 300, minimum: 1);
    private readonly Option<int> _steps = Values.Integer("--steps", "search: steps of every answer", 10, minimum: 1);
    private readonly Option<int> _stepTokens = Values.Integer("--step-tokens", "search: tokens of every step", 50, minimum: 1);
    private readonly Option<int> _searches = Values.Integer("--searches", "search: how many to time, of which the median counts", 3, minimum: 1);

    /// <summary>Adds the options to a command.</summary>
    public SearchShapeOptions(Command command)
    {
        foreach (Option option in (Option[])[_search, _n, _beamWidth, _judge, _judgePrompt, _steps, _stepTokens, _searches]) command.Add(option);
    }

    /// <summary>Searches to time.</summary>
    public int Searches(ParseResult parsed) => parsed.GetValue(_searches);

    /// <summary>The search; null where single passes are to be measured.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="prompt">Tokens of the generator's prompt.</param>
    public SearchShape? Shape(ParseResult parsed, int prompt) => parsed.GetValue(_search) is null
        ? null
        : new SearchShape(
            parsed.GetValue(_n), parsed.GetValue(_beamWidth), parsed.GetValue(_steps), parsed.GetValue(_stepTokens), prompt, parsed.GetValue(_judgePrompt));

    /// <summary>Makes the model that judges.</summary>
    public Checkpoint OpenJudge(ParseResult parsed, bool apart)
    {
        string shape = parsed.GetValue(_judge)!;
        return Checkpoint.OfRandomWeights(ModelShapes.All[shape], $"{shape}, random weights", seed: 2, apart: apart);
    }
}
