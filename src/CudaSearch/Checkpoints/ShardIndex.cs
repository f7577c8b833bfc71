using System.Text.Json;

namespace CudaSearch.Checkpoints;

/// <summary>A model.safetensors.index.json: which shard beside it holds which tensor.</summary>
internal sealed class ShardIndex
{
    private const int MaxFileBytes = 100 << 20;

    private readonly string _path;
    private readonly Dictionary<string, string> _weightMap = []; // tensor name → shard file name, checked to be a plain name

    private ShardIndex(string path) => _path = path;

    /// <summary>Reads an index; every shard it names lies in its own directory.</summary>
    public static ShardIndex Load(string path)
    {
        ShardIndex index = new(path);
        using JsonDocument document = StrictJson.ParseObject(StrictJson.ReadFile(path, MaxFileBytes), path);
        ConfigObject map = new ConfigObject(document.RootElement, path).Object("weight_map")
            ?? throw CudaSearchException.BadInput($"{path}: weight_map is missing; download the index again");
        foreach (JsonProperty property in map.Properties)
        {
            string shard = map.String(property.Name)
                ?? throw CudaSearchException.BadInput($"{path}: weight_map names no file for tensor {StrictJson.Quote(property.Name)}; download the index again");
            if (shard is "" or "." or ".." || shard.AsSpan().ContainsAny('/', '\\', '\0'))
                throw CudaSearchException.BadInput($"{path}: weight_map puts tensor {StrictJson.Quote(property.Name)} into {StrictJson.Quote(shard)}; only files in the same directory may be named");
            index._weightMap.Add(property.Name, shard);
        }
        if (index._weightMap.Count == 0) throw CudaSearchException.BadInput($"{path}: weight_map is empty; download the index again");
        return index;
    }

    /// <summary>Opens all shards in order of name, appending each to <paramref name="files"/> at once so that the caller can close them after a fault.</summary>
    public void OpenShards(List<SafeTensorsFile> files)
    {
        string directory = Path.GetDirectoryName(_path) ?? "";
        Dictionary<string, SafeTensorsFile> shards = [];
        foreach (string name in _weightMap.Values.Distinct().Order(StringComparer.Ordinal))
        {
            string path = Path.Join(directory, name);
            if (!File.Exists(path)) throw CudaSearchException.BadInput($"{path}: this shard, named by {_path}, is missing; download it");
            SafeTensorsFile file = SafeTensorsFile.Open(path);
            files.Add(file);
            shards.Add(name, file);
        }
        foreach ((string tensor, string shard) in _weightMap)
        {
            if (!shards[shard].Tensors.ContainsKey(tensor))
                throw CudaSearchException.BadInput($"{shards[shard].FilePath}: tensor {StrictJson.Quote(tensor)} should be here according to {_path}, but is not; download both again");
        }
    }
}
