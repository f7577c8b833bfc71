using CudaSearch.Evaluation.Recipes;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Evaluation.Recipes;

/// <summary>Names of the hub to folders, in each of the layouts that people have.</summary>
public sealed class HubFoldersTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("owner/name")]
    [InlineData("name")]
    [InlineData("models--owner--name/snapshots/abc")]
    public void FindsAModelUnderTheRoot(string layout)
    {
        string model = Make(layout, "config.json");
        Make("models--owner--name/refs", "main", "abc\n");
        Assert.Equal(model, new HubFolders(_folder.Path, _ => null).Model("owner/name", "--model"));
    }

    [Theory]
    [InlineData("HF_HUB_CACHE", "")]
    [InlineData("HF_HOME", "hub")]
    [InlineData("HOME", ".cache/huggingface/hub")]
    public void FindsAModelInTheHubsOwnCache(string variable, string below)
    {
        string model = Make(Path.Combine(below, "models--owner--name/snapshots/abc"), "config.json");
        Make(Path.Combine(below, "models--owner--name/refs"), "main", "abc");
        Assert.Equal(model, new HubFolders(root: null, name => name == variable ? _folder.Path : null).Model("owner/name", "--model"));
    }

    [Theory]
    [InlineData("owner/data", "test.jsonl")]
    [InlineData("data", "test.csv")]
    [InlineData("", "data.jsonl")]
    public void FindsADatasetsSplit(string layout, string file)
    {
        string data = Path.Combine(Make(layout, file), file);
        Assert.Equal(data, new HubFolders(_folder.Path, _ => null).Dataset("owner/data", "test"));
    }

    [Fact]
    public void WhatIsNoNameStaysAsItIs()
    {
        var folders = new HubFolders(_folder.Path, _ => null);
        foreach (string path in (string[])["tinymath", "./model", "../model", "a/b/c", "/model", _folder.Path])
            Assert.Equal(path, folders.Model(path, "--model"));
    }

    [Fact]
    public void WhatIsMissingIsSaidWithWhereItWasLookedForAndHowToGetIt()
    {
        string message = Assert.Throws<CudaSearchException>(() => new HubFolders(_folder.Path, _ => null).Model("owner/name", "--prm")).Message;
        Assert.All(["--prm owner/name", Path.Combine(_folder.Path, "owner/name"), "hf download owner/name"], part => Assert.Contains(part, message));
        Assert.Contains("--data-root", Assert.Throws<CudaSearchException>(() => new HubFolders(null, _ => null).Dataset("owner/data", "test")).Message);
    }

    private string Make(string folder, string file, string text = "{}")
    {
        string path = Path.Combine(_folder.Path, folder);
        Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(path, file), text);
        return path.TrimEnd('/');
    }
}
