using CudaSearch.Search;
using Spectre.Console;

namespace CudaSearch.Cli.Rendering;

/// <summary>How a line of a tree looks, in colour and plain.</summary>
internal static class TreeText
{
    private const string Bars = "▁▂▃▄▅▆▇█";

    /// <summary>The line for a file or a pipe.</summary>
    public static string Plain(TreeLine line) => line.Guide + (line.Step is { } step ? Facts(step) : "") + line.Text;

    /// <summary>The line for a terminal of this width. What a model wrote is escaped.</summary>
    public static Markup Coloured(TreeLine line, int width)
    {
        string facts = line.Step is { } step ? Facts(step) : "";
        string text = Markup.Escape(StepText.Fit(line.Text, Math.Max(8, width - line.Guide.Length - facts.Length)));
        string guide = $"[grey50]{line.Guide}[/]";
        return new Markup(line.Step is null ? $"{guide}[grey50 italic]{text}[/]" : guide + Paint(line.Step, facts, text));
    }

    /// <summary>A step's score and the number of beams that wrote it, with a space behind.</summary>
    private static string Facts(StepGroup step) => $"{Mark(step)} {Score(step.Score)}{(step.Count > 1 ? $"×{step.Count} " : "")}";

    private static string Paint(StepGroup step, string facts, string text) => step.State switch
    {
        NodeState.Pruned or NodeState.Duplicate when !step.IsChosen => $"[grey50]{facts}{text}[/]",
        NodeState.Finished => $"[{Colour(step.Score)}]{facts}[/][bold{(step.IsChosen ? " green" : "")}]{text}[/]",
        _ => $"[{Colour(step.Score)}]{facts}[/]{(step.IsChosen ? $"[bold]{text}[/]" : text)}",
    };

    private static string Mark(StepGroup step) => step.State switch
    {
        NodeState.Finished => "✓",
        NodeState.Pruned => "✗",
        NodeState.Duplicate => "=",
        _ => step.Score is { } score && !double.IsNaN(score) ? $"{Bars[Math.Clamp((int)(score * Bars.Length), 0, Bars.Length - 1)]}" : "•",
    };

    private static string Score(double? score) => score is { } value ? $"{value:0.00} " : "";

    private static string Colour(double? score) => score switch
    {
        null => "default",
        >= 0.8 => "green",
        >= 0.5 => "yellow",
        _ => "red",
    };
}
