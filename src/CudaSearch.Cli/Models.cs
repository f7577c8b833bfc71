using CudaSearch.Cli.Rendering;
using CudaSearch.Evaluation;

namespace CudaSearch.Cli;

/// <summary>Opens models on their device and tells the user how far it is.</summary>
internal static class Models
{
    /// <summary>As <see cref="Workbench.Open"/>, with a progress bar for weights that take a while, and a note when a GPU is passed by.</summary>
    public static Workbench Open(CommandHost host, WorkbenchOptions options)
    {
        Workbench workbench = host.Live is { } console
            ? LoadBars.Show(console, progress => Workbench.Open(options with { Progress = progress }))
            : Workbench.Open(options with { Progress = new LoadLines(host.Error) });
        if (workbench.DeviceNote is { } note) host.Error.WriteLine(note);
        return workbench;
    }
}
