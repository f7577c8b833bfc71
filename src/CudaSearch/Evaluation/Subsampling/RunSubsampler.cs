using CudaSearch.Answers;
using CudaSearch.Evaluation.Merging;

namespace CudaSearch.Evaluation.Subsampling;

/// <summary>A run that was cut out of a larger one.</summary>
/// <param name="Problems">Its records.</param>
/// <param name="From">The n of the larger one.</param>
/// <param name="Table">The accuracy over those that have a reference answer.</param>
public sealed record SubsampleSummary(int Problems, int From, AccuracyTable Table);

/// <summary>
/// Makes the run of a smaller n out of a finished one: the same records that eval would have written with that n, but for what they cost. search-and-learn's
/// replication runs best-of-N and DVTS once, at n = 256, and takes smaller n from that.
/// </summary>
public static class RunSubsampler
{
    /// <summary>Cuts a run into a new file. Nothing is written when something is wrong.</summary>
    /// <param name="input">A finished output of eval, or a merged one.</param>
    /// <param name="n">Answers a problem to keep: the first.</param>
    /// <param name="output">The file to make.</param>
    /// <exception cref="CudaSearchException">The first answers of this run are no run of their own, or a file is wrong; one message.</exception>
    public static SubsampleSummary Subsample(string input, int n, string output)
    {
        if (n < 1) throw CudaSearchException.BadInput($"n is {n}; it must be 1 or greater");
        if (Path.Exists(output)) throw CudaSearchException.BadInput($"{output} exists; choose another --output");
        var faults = new List<string>();
        List<ShardRecord> records = ShardFile.Read(input, faults);
        if (records.Count > 0) RunMerger.CheckSettings(records, faults);
        if (faults.Count == 1) throw CudaSearchException.BadInput(faults[0]);
        if (faults.Count > 1) throw CudaSearchException.BadInput($"{input} is no finished run:\n{string.Join('\n', faults)}");

        string strategy = Setting(records[0], "strategy"), settings = Setting(records[0], "settings");
        int from = int.Parse(Setting(records[0], "n"));
        FairSample.Require(strategy, settings, from, n, input);
        List<FullRecord> full = [.. records.Select(record => FullRecord.Read(record, from))];
        Vote vote = VoteOf(full, input);
        List<ShardRecord> cut = [.. full.Select(record => record.Source with { Text = record.Cut(n, vote) })];
        WholeFile.Write(output, cut.Select(record => record.Text));
        return new SubsampleSummary(cut.Count, from, AccuracyTable.Compute(cut.Select(RunMerger.Grade).OfType<ProblemOutcome>()));
    }

    private static string Setting(ShardRecord record, string name) => record.Settings.First(setting => setting.Name == name).Value;

    /// <summary>Which vote the run's final answers are of: records do not say it, but only one reproduces all of them, or several are the same here.</summary>
    private static Vote VoteOf(List<FullRecord> records, string input)
    {
        Vote[] likely = records[0].IsScored ? [Vote.Weighted, Vote.Majority, Vote.Naive] : [Vote.Majority];
        foreach (Vote vote in likely)
            if (records.TrueForAll(record => record.FinalAnswer == record.Ballot.Choose(vote, record.Ballot.Answers.Count))) return vote;
        throw CudaSearchException.BadInput($"{input}: the final answers are of no vote over the completions; the file was changed, or another program wrote it");
    }
}
