using System.CommandLine;
using CudaSearch.Engine;

namespace CudaSearch.Cli.Options;

/// <summary>How tokens are drawn.</summary>
internal sealed class SamplingOptions
{
    private readonly Option<float> _temperature = Values.Real(
        "--temperature", "softmax temperature; 0 is greedy", 0.8f, value => value >= 0, "a finite number, 0 or greater");

    private readonly Option<float> _topP = Values.Real(
        "--top-p", "draw from the most probable tokens whose mass reaches this; 1 keeps all", 1f, value => value is > 0 and <= 1, "a number greater than 0, at most 1");

    private readonly Option<int> _topK = Values.Integer("--top-k", "draw from this many most probable tokens; 0 keeps all", 0, minimum: 0);

    private readonly Option<float> _minP = Values.Real(
        "--min-p", "drop tokens less probable than this fraction of the most probable one", 0f, value => value is >= 0 and <= 1, "a number from 0 to 1");

    private readonly Option<int> _maxTokens;

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="maxTokens">The default of <c>--max-tokens</c>.</param>
    /// <param name="maxTokensOf">What that limits.</param>
    public SamplingOptions(Command command, int maxTokens, string maxTokensOf)
    {
        _maxTokens = Values.Integer("--max-tokens", $"most tokens of {maxTokensOf}", maxTokens, minimum: 1);
        command.Add(_temperature);
        command.Add(_topP);
        command.Add(_topK);
        command.Add(_minP);
        command.Add(_maxTokens);
    }

    /// <summary>The options as given.</summary>
    public GenerationOptions Read(ParseResult parsed) => new()
    {
        Temperature = parsed.GetValue(_temperature),
        TopP = parsed.GetValue(_topP),
        TopK = parsed.GetValue(_topK),
        MinP = parsed.GetValue(_minP),
        MaxTokens = parsed.GetValue(_maxTokens),
    };
}
