namespace CudaSearch.Tests.Checkpoints;

/// <summary>A fresh folder that is deleted with all it holds.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("cudasearch-").FullName;

    public string File(string name) => System.IO.Path.Join(Path, name);

    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
