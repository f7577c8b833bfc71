using System.CommandLine;
using CudaSearch.Evaluation;
using CudaSearch.Verification;

namespace CudaSearch.Cli.Options;

/// <summary>What judges steps.</summary>
internal sealed class VerifierOptions
{
    private readonly Option<string[]> _verifier = new("--verifier")
    {
        Description = $"what scores steps: {JudgePart.Forms}; may be given several times [default: prm]",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> _ensemble = Values.Choice(
        "--ensemble", "how several verifiers make one score", "mean", [.. Enum.GetNames<Ensemble>().Select(name => name.ToLowerInvariant())]);

    private readonly Option<bool> _outcomeOnly = new("--outcome-only") { Description = "score only complete answers, as outcome reward models do; others are neutral" };

    private readonly Option<float> _timeout = Values.Real(
        "--verifier-timeout", "seconds to wait for each answer of a program", 60f, value => value is > 0 and <= 86400, "a number of seconds greater than 0, at most 86400");

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="searches">Whether it searches; otherwise it looks at single steps, which an outcome says nothing of.</param>
    public VerifierOptions(Command command, bool searches)
    {
        _verifier.Validators.Add(result =>
        {
            foreach (string text in result.Tokens.Select(token => token.Value).Where(text => JudgePart.Parse(text) is null))
                result.AddError($"--verifier is {text}; it must be {JudgePart.Forms}");
        });
        command.Add(_verifier);
        command.Add(_ensemble);
        if (searches) command.Add(_outcomeOnly);
        command.Add(_timeout);
    }

    /// <summary>The options as given.</summary>
    public JudgeOptions Read(ParseResult parsed)
    {
        var options = new JudgeOptions
        {
            Ensemble = Enum.Parse<Ensemble>(parsed.GetValue(_ensemble)!, ignoreCase: true),
            OutcomeOnly = parsed.GetValue(_outcomeOnly),
            ProgramTimeLimit = TimeSpan.FromSeconds(parsed.GetValue(_timeout)),
        };
        return parsed.GetValue(_verifier) is { Length: > 0 } texts ? options with { Parts = [.. texts.Select(text => JudgePart.Parse(text)!)] } : options;
    }
}
