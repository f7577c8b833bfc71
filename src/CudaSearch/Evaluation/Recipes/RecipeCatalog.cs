namespace CudaSearch.Evaluation.Recipes;

/// <summary>The recipes that come with the program.</summary>
public static class RecipeCatalog
{
    private const string Extension = ".yaml";

    private static string Root => Path.Combine(AppContext.BaseDirectory, "recipes");

    /// <summary>Their names, e.g. <c>Llama-3.2-1B-Instruct/beam_search</c>, sorted.</summary>
    public static IReadOnlyList<string> Names => !Directory.Exists(Root) ? [] :
    [
        .. Directory.EnumerateFiles(Root, "*" + Extension, SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, file)[..^Extension.Length].Replace('\\', '/')).Order(StringComparer.Ordinal),
    ];

    /// <summary>
    /// The file of a recipe: a path that exists, else the name of one that comes along, with or without <c>recipes/</c> and <c>.yaml</c>.
    /// </summary>
    /// <exception cref="CudaSearchException">It is neither.</exception>
    public static string Resolve(string nameOrFile)
    {
        if (File.Exists(nameOrFile)) return nameOrFile;
        string name = nameOrFile.Replace('\\', '/');
        if (name.StartsWith("recipes/", StringComparison.Ordinal)) name = name["recipes/".Length..];
        if (name.EndsWith(Extension, StringComparison.Ordinal)) name = name[..^Extension.Length];
        IReadOnlyList<string> names = Names;
        if (names.FirstOrDefault(known => string.Equals(known, name, StringComparison.OrdinalIgnoreCase)) is { } found)
            return Path.Combine(Root, found + Extension);
        string meant = NearestName.Of(name, names) is { } nearest ? $"; did you mean {nearest}?" : "";
        throw CudaSearchException.BadInput(
            $"--recipe {nameOrFile}: there is no such file, and no recipe of that name comes along{meant} "
                + $"(there are {string.Join(", ", names)})");
    }
}
