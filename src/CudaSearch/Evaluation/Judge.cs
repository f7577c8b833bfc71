using CudaSearch.Verification;

namespace CudaSearch.Evaluation;

/// <summary>Makes the verifier of each problem from the parts that judge, and owns what they share: programs run as long as it does.</summary>
public sealed class Judge : IDisposable
{
    private readonly JudgeOptions _options;
    private readonly RuleVerifier _rules = new();
    private readonly Dictionary<JudgePart, ProgramVerifier> _programs = [];

    /// <summary>Starts the programs.</summary>
    /// <exception cref="CudaSearchException">One cannot be started.</exception>
    public Judge(JudgeOptions options)
    {
        _options = options;
        try
        {
            foreach (JudgePart part in options.Parts.Where(part => part.Kind == JudgeKind.Program).Distinct())
                _programs.Add(part, new ProgramVerifier(part.Command!, options.ProgramTimeLimit));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Whether the process reward model takes part.</summary>
    public bool UsesPrm => _options.UsesPrm;

    /// <summary>The verifier for one problem.</summary>
    /// <param name="prm">The process reward model's verifier; may be null where it takes no part.</param>
    /// <param name="reference">The problem's reference answer; null where none is known.</param>
    /// <param name="aggregation">How step scores become one.</param>
    /// <exception cref="CudaSearchException">An oracle takes part, and there is no reference answer.</exception>
    public IVerifier For(IVerifier? prm, string? reference, Aggregation aggregation)
    {
        IVerifier[] parts = [.. _options.Parts.Select(part => Part(part, prm, reference))];
        IVerifier whole = parts.Length == 1 ? parts[0] : new EnsembleVerifier(_options.Ensemble, parts);
        return _options.OutcomeOnly ? new OutcomeVerifier(whole, aggregation) : whole;
    }

    /// <summary>Ends the programs.</summary>
    public void Dispose()
    {
        foreach (ProgramVerifier program in _programs.Values) program.Dispose();
    }

    private IVerifier Part(JudgePart part, IVerifier? prm, string? reference) => part.Kind switch
    {
        JudgeKind.Prm => prm ?? throw new ArgumentNullException(nameof(prm), "the process reward model takes part"),
        JudgeKind.Rules => _rules,
        JudgeKind.Program => _programs[part],
        _ => new OracleVerifier(reference ?? throw CudaSearchException.BadInput(
            "the oracle knows the reference answer, and this problem has none; use it with eval, on a dataset whose rows have an \"answer\"")),
    };
}
