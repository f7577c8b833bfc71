namespace CudaSearch.Verification;

/// <summary>Brings scores of verifiers that count steps in different ways to one count: what lies between blank lines.</summary>
internal static class StepAlignment
{
    /// <summary>
    /// One score for each piece of <c>answer.Split("\n\n")</c>. Where the verifier gives another number of scores, each piece has the last score of the answer up
    /// to and including it, which is asked for one by one; incremental verifiers compute nothing twice for that.
    /// </summary>
    public static async Task<IReadOnlyList<double>> ScorePiecesAsync(this IVerification verification, string answer, CancellationToken cancellation)
    {
        IReadOnlyList<double> scores = await verification.ScoreAsync(answer, cancellation).ConfigureAwait(false);
        string[] pieces = answer.Split("\n\n");
        if (scores.Count == pieces.Length) return scores;
        double[] aligned = new double[pieces.Length];
        // A fork, so that the verification itself stays where the whole answer left it.
        using IVerification scout = verification.Fork();
        for (int i = 0; i < aligned.Length; i++)
            aligned[i] = (await scout.ScoreAsync(string.Join("\n\n", pieces[..(i + 1)]), cancellation).ConfigureAwait(false))[^1];
        return aligned;
    }
}
