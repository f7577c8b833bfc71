namespace CudaSearch.Evaluation.Recipes;

/// <summary>
/// Where a model or dataset that is known by its name on the Hugging Face hub (<c>owner/name</c>) lies on this machine. Nothing is ever
/// downloaded.
/// </summary>
/// <param name="root">The folder that holds them; null looks only where the hub's own tools keep theirs.</param>
/// <param name="environment">Reads an environment variable.</param>
public sealed class HubFolders(string? root, Func<string, string?> environment)
{
    /// <summary>The folder of a model.</summary>
    /// <param name="name">A folder, or a name such as <c>meta-llama/Llama-3.2-1B-Instruct</c>.</param>
    /// <param name="option">What messages call the setting, e.g. <c>--model</c>.</param>
    /// <exception cref="CudaSearchException">It is a name, and no folder of it is here.</exception>
    public string Model(string name, string option)
    {
        if (!IsHubName(name)) return name;
        List<string> candidates = [.. Candidates(name, "models")];
        return candidates.FirstOrDefault(folder => File.Exists(Path.Combine(folder, "config.json")))
            ?? throw Missing(
                name, option, "a model", "--model-root", candidates,
                $"hf download {name} --local-dir {Path.Combine(root ?? "MODELS", name)}", "the folder");
    }

    /// <summary>The file of a dataset.</summary>
    /// <param name="name">A file, <c>tinymath</c>, or a name such as <c>HuggingFaceH4/MATH-500</c>.</param>
    /// <param name="split">Its split, e.g. <c>test</c>: the name of the file within a dataset's folder.</param>
    /// <exception cref="CudaSearchException">It is a name, and no file of it is here.</exception>
    public string Dataset(string name, string split)
    {
        if (!IsHubName(name)) return name;
        string bare = name[(name.IndexOf('/') + 1)..];
        string[] bases = [.. Candidates(name, "datasets")];
        List<string> candidates =
        [
            .. from folder in bases from extension in (string[])[".jsonl", ".csv"] select Path.Combine(folder, split + extension),
            .. root is null ? [] : from extension in (string[])[".jsonl", ".csv"] select Path.Combine(root, bare + extension),
        ];
        return candidates.FirstOrDefault(File.Exists)
            ?? throw Missing(name, "--dataset", "a dataset", "--data-root", candidates,
                $"hf download {name} --repo-type dataset --local-dir {Path.Combine(root ?? "DATA", name)}",
                    $"its {split} split as JSON lines or CSV");
    }

    /// <summary>Whether it is exactly <c>owner/name</c>, and nothing that lies here under that path.</summary>
    public static bool IsHubName(string name) =>
        name.Split('/') is [{ Length: > 0 } owner, { Length: > 0 }] && owner is not ("." or ".." or "~")
            && !Path.Exists(name) && !Path.IsPathRooted(name);

    private IEnumerable<string> Candidates(string name, string kind)
    {
        if (root is not null)
        {
            yield return Path.Combine(root, name);
            yield return Path.Combine(root, name[(name.IndexOf('/') + 1)..]);
            foreach (string folder in Snapshots(root, name, kind)) yield return folder;
        }
        if (Cache() is { } cache)
            foreach (string folder in Snapshots(cache, name, kind)) yield return folder;
    }

    /// <summary>The cache of the hub's own tools: HF_HUB_CACHE, else hub/ in HF_HOME, else in ~/.cache/huggingface.</summary>
    private string? Cache()
    {
        if (environment("HF_HUB_CACHE") is { Length: > 0 } cache) return cache;
        if (environment("HF_HOME") is { Length: > 0 } home) return Path.Combine(home, "hub");
        return environment("HOME") is { Length: > 0 } user ? Path.Combine(user, ".cache", "huggingface", "hub") : null;
    }

    /// <summary>
    /// The snapshot that the cache's <c>refs/main</c> names, in its layout <c>models--owner--name/snapshots/REVISION</c>.
    /// </summary>
    private static IEnumerable<string> Snapshots(string cache, string name, string kind)
    {
        string repository = Path.Combine(cache, $"{kind}--{name.Replace("/", "--")}");
        string main = Path.Combine(repository, "refs", "main");
        if (File.Exists(main)) yield return Path.Combine(repository, "snapshots", File.ReadAllText(main).Trim());
    }

    private CudaSearchException Missing(
        string name, string option, string what, string rootOption, List<string> candidates, string download, string instead)
    {
        string where = candidates.Count > 0 ? $"not in {string.Join(" or ", candidates)}" : "no folder to look in was given";
        return CudaSearchException.BadInput(
            $"{option} {name} is the name of {what} on the Hugging Face hub, and it is not on this machine ({where}); get it ({download}), "
            + $"{(root is null ? $"say where such folders lie with {rootOption}, " : "")}or name {instead} with {option}");
    }
}
