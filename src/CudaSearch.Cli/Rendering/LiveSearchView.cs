using System.Diagnostics;
using CudaSearch.Search;
using Spectre.Console;

namespace CudaSearch.Cli.Rendering;

/// <summary>A search as a tree that grows in the terminal.</summary>
/// <param name="console">The terminal.</param>
/// <param name="beams">How many answers will finish.</param>
/// <param name="meter">How fast it goes and what it holds.</param>
internal sealed class LiveSearchView(IAnsiConsole console, int beams, SearchMeter meter) : ISearchView
{
    private const int FinalLines = 60;

    private static readonly TimeSpan s_frame = TimeSpan.FromMilliseconds(60);

    private readonly StepGroups _groups = new();
    private readonly Stopwatch _clock = new();

    /// <inheritdoc/>
    public async Task<T> ShowAsync<T>(SearchTree tree, Func<Task<T>> search)
    {
        tree.Changed += OnChanged;
        _clock.Start();
        try
        {
            return await console.Live(Frame()).AutoClear(true).StartAsync(async context =>
            {
                Task<T> running = Task.Run(search);
                while (await Task.WhenAny(running, Task.Delay(s_frame)) != running) context.UpdateTarget(Frame());
                return await running;
            });
        }
        finally
        {
            tree.Changed -= OnChanged;
        }
    }

    /// <inheritdoc/>
    public void Conclude(string chosen)
    {
        lock (_groups.Gate)
        {
            _groups.Root.Choose(chosen);
            foreach (Markup line in Tree(FinalLines)) console.Write(new Rows(line));
        }
        console.WriteLine();
    }

    private void OnChanged(SearchNode node) => _groups.Update(node);

    private Rows Frame()
    {
        lock (_groups.Gate)
        {
            string facts = $"step {_groups.Depth} · {_groups.Steps} written · {_groups.Finished}/{beams} finished · {meter.Describe()} · {_clock.Elapsed.TotalSeconds:0.0} s";
            string status = $"[blue]searching[/] [grey50]{Markup.Escape(StepText.Fit(facts, Math.Max(8, console.Profile.Width - 12)))}[/]";
            return new Rows([.. Tree(Math.Max(4, console.Profile.Height - 4)), new Markup(status)]);
        }
    }

    // One column is left free: a full last column makes some terminals wrap.
    private IEnumerable<Markup> Tree(int maxLines) =>
        TreeLines.Of(_groups.Root, maxLines).Select(line => TreeText.Coloured(line, console.Profile.Width - 1));
}
