using System.Text.RegularExpressions;

namespace CudaSearch.Tests.Architecture;

/// <summary>Imports run downwards only, and a file's namespace is its folder.</summary>
public sealed partial class LayeringTests
{
    private static readonly Dictionary<string, string[]> s_below = new()
    {
        ["Cuda"] = [],
        ["Cache"] = [],
        ["Checkpoints"] = [],
        ["Answers"] = [],
        ["Tokenization"] = [],
        ["TinyMath"] = [],
        ["Backends"] = ["Cuda", "Cache", "Checkpoints"],
        ["Model"] = ["Backends"],
        ["Engine"] = ["Model", "Tokenization"],
        ["Verification"] = ["Engine", "Answers"],
        ["Search"] = ["Verification", "Answers"],
        ["Evaluation"] = ["Search", "TinyMath"],
    };

    [Fact]
    public void ImportsRunDownwards()
    {
        List<string> faults = [];
        foreach ((string file, string layer) in SourceFiles("CudaSearch"))
        {
            string text = File.ReadAllText(file);
            if (layer == "") continue;
            if (!s_below.ContainsKey(layer)) faults.Add($"{file}: the folder {layer} has no place among the layers");
            HashSet<string> allowed = [layer, .. Below(layer)];
            foreach (Match match in Import().Matches(text))
            {
                string imported = match.Groups[1].Value;
                if (s_below.ContainsKey(imported) && !allowed.Contains(imported)) faults.Add($"{file}: {layer} must not know {imported}");
            }
        }
        Assert.Empty(faults);
    }

    [Fact]
    public void ANamespaceIsItsFolder()
    {
        List<string> faults = [];
        foreach (string project in (string[])["CudaSearch", "CudaSearch.Cli"])
        {
            foreach ((string file, string _) in SourceFiles(project))
            {
                string folder = Path.GetRelativePath(Path.Combine(Checkout.Root, "src"), Path.GetDirectoryName(file)!);
                Match declared = Declared().Match(File.ReadAllText(file));
                if (declared.Success && declared.Groups[1].Value != folder.Replace(Path.DirectorySeparatorChar, '.'))
                    faults.Add($"{file} declares {declared.Groups[1].Value}");
            }
        }
        Assert.Empty(faults);
    }

    private static IEnumerable<string> Below(string layer) => s_below.GetValueOrDefault(layer, []).SelectMany(below => Below(below).Prepend(below));

    private static IEnumerable<(string File, string Layer)> SourceFiles(string project)
    {
        string folder = Path.Combine(Checkout.Root, "src", project);
        foreach (string file in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
        {
            string[] parts = Path.GetRelativePath(folder, file).Split(Path.DirectorySeparatorChar);
            if (parts[0] is not ("bin" or "obj")) yield return (file, parts.Length > 1 ? parts[0] : "");
        }
    }

    // Imports and names written out in full, but for a file's own namespace.
    [GeneratedRegex(@"(?<!namespace )\bCudaSearch\.(\w+)")]
    private static partial Regex Import();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Declared();
}
