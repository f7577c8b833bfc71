using System.CommandLine;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Recipes;

namespace CudaSearch.Cli.Options;

/// <summary>Where models and datasets lie that are named as on the Hugging Face hub.</summary>
internal sealed class FolderOptions
{
    private readonly Option<string?> _modelRoot = new("--model-root")
    {
        Description =
            "the folder that holds models named as on the Hugging Face hub (meta-llama/Llama-3.2-1B-Instruct), "
            + "whole or last part; the hub's own cache is looked into as well",
    };

    private readonly Option<string?> _dataRoot = new("--data-root") { Description = "the same for datasets (HuggingFaceH4/MATH-500)" };

    public FolderOptions(Command command)
    {
        command.Add(_modelRoot);
        command.Add(_dataRoot);
    }

    /// <summary>Puts folders and a file in the place of names.</summary>
    /// <exception cref="CudaSearchException">Some are not on this machine: all of them, in one message.</exception>
    public (WorkbenchOptions Models, EvaluationOptions Options) Resolve(
        ParseResult parsed, WorkbenchOptions models, EvaluationOptions options, string split)
    {
        var folders = new HubFolders(parsed.GetValue(_modelRoot), Environment.GetEnvironmentVariable);
        var data = new HubFolders(parsed.GetValue(_dataRoot), Environment.GetEnvironmentVariable);
        List<string> missing = [];
        models = models with
        {
            Model = Try(() => folders.Model(models.Model!, "--model")) ?? models.Model,
            ModelName = HubFolders.IsHubName(models.Model!) ? models.Model : null,
            Prm = models.Prm is null ? null : Try(() => folders.Model(models.Prm, "--prm")) ?? models.Prm,
            PrmName = models.Prm is { } prm && HubFolders.IsHubName(prm) ? prm : null,
        };
        options = options with { Dataset = Try(() => data.Dataset(options.Dataset, split)) ?? options.Dataset };
        return missing.Count switch
        {
            0 => (models, options),
            1 => throw CudaSearchException.BadInput(missing[0]),
            _ => throw CudaSearchException.BadInput($"{missing.Count} things are missing:\n{string.Join('\n', missing)}"),
        };

        string? Try(Func<string> resolve)
        {
            try
            {
                return resolve();
            }
            catch (CudaSearchException e)
            {
                missing.Add(e.Message);
                return null;
            }
        }
    }
}
