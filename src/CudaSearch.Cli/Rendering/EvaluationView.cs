using System.Diagnostics;
using CudaSearch.Evaluation;
using Spectre.Console;

namespace CudaSearch.Cli.Rendering;

/// <summary>The progress of an evaluation: a bar in a terminal, otherwise a line now and then.</summary>
internal sealed class EvaluationView(CommandHost host)
{
    private static readonly TimeSpan s_lineInterval = TimeSpan.FromSeconds(5);

    private readonly CommandHost _host = host;
    private readonly Stopwatch _clock = new();
    private int _resumed = -1;

    /// <summary>Runs an evaluation and shows how it goes.</summary>
    public async Task<T> ShowAsync<T>(Func<IProgress<EvaluationProgress>, Task<T>> run)
    {
        _clock.Start();
        if (_host.Live is not { } console) return await run(new Lines(this));
        return await console.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context => run(new Bar(this, context.AddTask("starting"))));
    }

    /// <summary>How far, how fast, how well; in one line.</summary>
    private string Describe(EvaluationProgress progress)
    {
        if (_resumed < 0) _resumed = progress.Done;
        double speed = (progress.Done - _resumed) / Math.Max(1e-3, _clock.Elapsed.TotalSeconds);
        string right = progress.Graded == 0 ? "" : $" · {100.0 * progress.Right / progress.Graded:0.0} % right";
        return $"{progress.Done}/{progress.Total} problems · {speed:0.00} problems/s{right}";
    }

    private sealed class Bar(EvaluationView view, ProgressTask task) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value)
        {
            task.MaxValue = Math.Max(1, value.Total);
            task.Value = value.Done;
            task.Description = view.Describe(value);
        }
    }

    private sealed class Lines(EvaluationView view) : IProgress<EvaluationProgress>
    {
        private TimeSpan _next;

        public void Report(EvaluationProgress value)
        {
            string line = view.Describe(value);
            if (view._clock.Elapsed < _next && value.Done < value.Total) return;
            _next = view._clock.Elapsed + s_lineInterval;
            view._host.Error.WriteLine(line);
        }
    }
}
