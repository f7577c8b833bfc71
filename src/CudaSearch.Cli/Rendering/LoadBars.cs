using CudaSearch.Engine;
using Spectre.Console;

namespace CudaSearch.Cli.Rendering;

/// <summary>A bar for each model whose weights take a while to reach the device; it disappears when all are there.</summary>
internal sealed class LoadBars : IProgress<LoadProgress>
{
    /// <summary>Smaller models are there before one could read.</summary>
    public const long LeastBytes = 256L << 20;

    private readonly ProgressContext _context;
    private readonly Dictionary<string, ProgressTask> _bars = [];

    private LoadBars(ProgressContext context) => _context = context;

    /// <summary>Runs something that loads models and shows how far they are.</summary>
    public static T Show<T>(IAnsiConsole console, Func<IProgress<LoadProgress>, T> load) => console.Progress()
        .AutoClear(true)
        .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn())
        .Start(context => load(new LoadBars(context)));

    /// <inheritdoc/>
    public void Report(LoadProgress value)
    {
        if (value.TotalBytes < LeastBytes) return;
        if (!_bars.TryGetValue(value.Model, out ProgressTask? bar))
            _bars[value.Model] = bar = _context.AddTask(Markup.Escape($"loading {value.Model}"), maxValue: value.TotalBytes);
        bar.Value = value.LoadedBytes;
    }
}

/// <summary>The same where standard error is no terminal: one line when a model begins, one when it is there.</summary>
internal sealed class LoadLines(TextWriter error) : IProgress<LoadProgress>
{
    private string? _model;

    /// <inheritdoc/>
    public void Report(LoadProgress value)
    {
        if (value.TotalBytes < LoadBars.LeastBytes) return;
        if (_model != value.Model) error.WriteLine($"loading {value.Model}: {value.TotalBytes / 1e9:0.0} GB");
        _model = value.Model;
        if (value.LoadedBytes == value.TotalBytes) error.WriteLine($"loaded {value.Model}");
    }
}
