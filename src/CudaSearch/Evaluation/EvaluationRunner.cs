using CudaSearch.Evaluation.Datasets;
using CudaSearch.Search;

namespace CudaSearch.Evaluation;

/// <summary>What to evaluate.</summary>
public sealed record EvaluationOptions
{
    /// <summary>A JSONL, CSV or TSV file, or <c>tinymath</c> for the embedded held-out problems.</summary>
    public required string Dataset { get; init; }

    /// <summary>Where the records go; an existing file of the same run is continued.</summary>
    public required string Output { get; init; }

    /// <summary>The command that asks for it, kept in the records; null where there is none.</summary>
    public string? Command { get; init; }

    /// <summary>Which rows.</summary>
    public RowRange Range { get; init; } = RowRange.All;

    /// <summary>Which share of them.</summary>
    public Shard Shard { get; init; } = Shard.Whole;

    /// <summary>Which columns are what.</summary>
    public ColumnMapping Columns { get; init; } = ColumnMapping.Known;

    /// <summary>Problems searched at once; 0 picks enough to fill passes. Results do not depend on it.</summary>
    public int Concurrency { get; init; }
}

/// <summary>Where a run stands.</summary>
/// <param name="Done">Problems finished, those of earlier runs included.</param>
/// <param name="Total">Problems in all.</param>
/// <param name="Graded">Of those finished, how many have a reference answer.</param>
/// <param name="Right">Of those graded, how many the run's final answer solved.</param>
public readonly record struct EvaluationProgress(int Done, int Total, int Graded, int Right);

/// <summary>The outcome of a run.</summary>
/// <param name="Run">What ran.</param>
/// <param name="Problems">Problems finished.</param>
/// <param name="Resumed">Of those, how many an earlier run had done.</param>
/// <param name="Table">Accuracy by vote, N, level and subject over the problems that have a reference answer.</param>
/// <param name="Outcomes">The same, problem by problem.</param>
public sealed record EvaluationSummary(RunIdentity Run, int Problems, int Resumed, AccuracyTable Table, IReadOnlyList<ProblemOutcome> Outcomes);

/// <summary>Searches every problem of a dataset, many at once, into a file that can be continued.</summary>
public sealed class EvaluationRunner
{
    // Beams of a problem compute together what they have in common, so many are needed to fill a pass.
    private const int WantedBeams = 2048;

    private readonly ProblemSolver _solver;
    private readonly EvaluationOptions _options;
    private readonly DatasetIdentity _dataset;
    private readonly IReadOnlyList<DatasetRow> _rows;

    /// <summary>Reads the dataset.</summary>
    /// <exception cref="CudaSearchException">The dataset or an option is wrong.</exception>
    public EvaluationRunner(ProblemSolver solver, EvaluationOptions options)
    {
        if (options.Concurrency < 0) throw CudaSearchException.BadInput($"concurrency is {options.Concurrency}; it must be 1 or greater, or 0 for automatic");
        _solver = solver;
        _options = options;
        ProblemDataset dataset = ProblemDataset.Load(options.Dataset, options.Range, options.Columns);
        _dataset = dataset.Identity;
        (int start, int end) = options.Shard.Of(_dataset.Start, _dataset.End);
        _rows = [.. dataset.Rows.Skip(start - _dataset.Start).Take(end - start)];
    }

    /// <summary>Problems in all.</summary>
    public int Total => _rows.Count;

    /// <summary>
    /// Runs what is not done yet. Records are written in dataset order; when the run is cancelled or fails, those that are finished out of order are
    /// written too before it ends.
    /// </summary>
    public async Task<EvaluationSummary> RunAsync(IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default)
    {
        using RunFile file = RunFile.Open(_options.Output);
        var outcomes = new ProblemOutcome?[_rows.Count];
        bool[] done = new bool[_rows.Count];
        TakeFinished(file, done, outcomes);
        int resumed = done.Count(d => d), right = 0, graded = 0;
        foreach (ProblemOutcome? outcome in outcomes) Tally(outcome, ref graded, ref right);
        progress?.Report(new EvaluationProgress(resumed, _rows.Count, graded, right));

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var running = new Queue<(int Row, Task<SolveRecord> Task)>();
        int next = 0, finished = resumed;
        int beams = Math.Min(WantedBeams, _solver.BeamsThatFit);
        int width = _options.Concurrency > 0 ? _options.Concurrency : Math.Clamp(beams / Math.Max(1, _solver.Identity.N), 4, 64);
        using var slots = new SemaphoreSlim(width);
        try
        {
            while (true)
            {
                // The queue holds more than run at once, so that a slow problem at its head keeps nobody from starting.
                for (; next < _rows.Count && running.Count < 4 * width; next++)
                {
                    if (!done[next]) running.Enqueue((next, SolveAsync(_rows[next], slots, stop.Token)));
                }
                if (running.Count == 0) break;
                (int row, Task<SolveRecord> task) = running.Peek();
                SolveRecord record = await task.ConfigureAwait(false);
                running.Dequeue();
                Write(row, record);
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            foreach ((int row, Task<SolveRecord> task) in running)
            {
                await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (task.IsCompletedSuccessfully) file.Append(task.Result, _rows[row], _dataset);
            }
        }
        List<ProblemOutcome> gradedOutcomes = [.. outcomes.OfType<ProblemOutcome>()];
        return new EvaluationSummary(_solver.Identity, finished, resumed, AccuracyTable.Compute(gradedOutcomes), gradedOutcomes);

        void Write(int row, SolveRecord record)
        {
            file.Append(record, _rows[row], _dataset);
            outcomes[row] = Grade(row, record.Ballot);
            Tally(outcomes[row], ref graded, ref right);
            finished++;
            progress?.Report(new EvaluationProgress(finished, _rows.Count, graded, right));
        }
    }

    private async Task<SolveRecord> SolveAsync(DatasetRow row, SemaphoreSlim slots, CancellationToken cancellation)
    {
        await slots.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            SolveRecord record = await _solver.SolveAsync(row.Problem, row.Answer, new SearchTree(), cancellation).ConfigureAwait(false);
            return record with { Command = _options.Command };
        }
        finally
        {
            slots.Release();
        }
    }

    /// <summary>Takes the file's records of rows of this run; those of other rows, of another range or shard, stay as they are.</summary>
    private void TakeFinished(RunFile file, bool[] done, ProblemOutcome?[] outcomes)
    {
        foreach (FinishedRecord record in file.Records.Select(line => FinishedRecord.Read(line, _solver.Identity, _dataset, _options.Output)))
        {
            int row = record.Row - _rows[0].Index;
            if (row < 0 || row >= _rows.Count) continue;
            if (done[row]) throw CudaSearchException.BadInput($"{_options.Output} holds row {record.Row} twice; remove one of the two, or choose another --output");
            done[row] = true;
            outcomes[row] = Grade(row, record.Ballot);
        }
    }

    private ProblemOutcome? Grade(int row, Ballot ballot) => _rows[row].Answer is null
        ? null
        : ProblemOutcome.Grade((int)_solver.Identity.Seed, _rows[row], ballot, _solver.StopsWhenDecided ? _solver.Identity.N : null);

    private void Tally(ProblemOutcome? outcome, ref int graded, ref int right)
    {
        if (outcome is null) return;
        graded++;
        VoteOutcome last = outcome.Votes[^1];
        if (_solver.Identity.Prm is null ? last.Majority : last.Weighted) right++;
    }
}
