using CudaSearch.Verification;

namespace CudaSearch.Evaluation.ProcessBench;

/// <summary>Has labelled solutions judged.</summary>
public static class JudgeEvaluation
{
    /// <summary>Solutions judged at once.</summary>
    private const int Width = 64;

    /// <summary>Scores every solution.</summary>
    /// <param name="solutions">The solutions.</param>
    /// <param name="options">What judges; an oracle cannot.</param>
    /// <param name="prm">Makes the process reward model's verifier for one problem; not called where it takes no part.</param>
    /// <param name="progress">Told how many solutions are judged.</param>
    /// <param name="cancellation">Ends the run.</param>
    /// <returns>In the order of the solutions.</returns>
    /// <exception cref="CudaSearchException">An oracle or an outcome is to find errors in steps, or a judge failed.</exception>
    public static async Task<IReadOnlyList<JudgedSolution>> RunAsync(
        IReadOnlyList<LabelledSolution> solutions, JudgeOptions options, Func<IVerifier> prm, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        if (options.Uses(JudgeKind.Oracle) || options.OutcomeOnly)
            throw CudaSearchException.BadInput("an oracle and an outcome-only judge say nothing of single steps, so there is nothing to measure; use prm, rules or program");
        using var judge = new Judge(options);
        using var slots = new SemaphoreSlim(Width);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        int done = 0;
        return await Task.WhenAll(solutions.Select(async solution =>
        {
            await slots.WaitAsync(stop.Token).ConfigureAwait(false);
            try
            {
                IVerifier verifier = judge.For(judge.UsesPrm ? prm() : null, reference: null, Aggregation.Last);
                using IVerification verification = verifier.Start(solution.Problem);
                var judged = new JudgedSolution(solution, await verification.ScorePiecesAsync(solution.Answer, stop.Token).ConfigureAwait(false));
                progress?.Report(Interlocked.Increment(ref done));
                return judged;
            }
            catch
            {
                await stop.CancelAsync().ConfigureAwait(false); // the others would only fail, too
                throw;
            }
            finally
            {
                slots.Release();
            }
        })).ConfigureAwait(false);
    }
}
