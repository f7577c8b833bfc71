namespace CudaSearch.Checkpoints;

/// <summary>
/// A model directory in Hugging Face's layout: config.json beside model.safetensors, or beside model.safetensors.index.json and the
/// shards it names. Weights stay in the files' memory maps.
/// </summary>
public sealed class Checkpoint : IDisposable
{
    private const string ConfigName = "config.json";
    private const string SingleName = "model.safetensors";
    private const string IndexName = "model.safetensors.index.json";

    private readonly IReadOnlyList<SafeTensorsFile> _files;
    private readonly Dictionary<string, TensorView> _tensors = [];
    private readonly RandomWeights? _random;

    private Checkpoint(ModelConfig config, string name, int seed, bool apart)
    {
        (Directory, Name, Config, _files) = (name, name, config, []);
        _random = new RandomWeights((long)Math.Max(config.VocabSize, config.IntermediateSize) * config.HiddenSize, seed, apart);
    }

    private Checkpoint(string directory, ModelConfig config, IReadOnlyList<SafeTensorsFile> files)
    {
        Directory = directory;
        Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)));
        Config = config;
        _files = files;
        foreach (SafeTensorsFile file in files)
        {
            foreach ((string name, TensorView tensor) in file.Tensors)
            {
                if (!_tensors.TryAdd(name, tensor))
                    throw CudaSearchException.BadInput($"{file.FilePath}: tensor {StrictJson.Quote(name)} is also in {_tensors[name].FilePath}; download the checkpoint again");
                ByteLength += tensor.ByteLength;
            }
        }
    }

    /// <summary>The directory the checkpoint was opened by.</summary>
    public string Directory { get; }

    /// <summary>The last part of the directory's path.</summary>
    public string Name { get; }

    /// <summary>The model's architecture.</summary>
    public ModelConfig Config { get; }

    /// <summary>The size of all tensors in bytes.</summary>
    public long ByteLength { get; }

    /// <summary>Opens a model directory, checking its configuration and the headers of all its files.</summary>
    /// <exception cref="CudaSearchException">The directory is no model, or one of its files is wrong.</exception>
    public static Checkpoint Open(string directory)
    {
        ModelConfig config = ReadConfig(directory);
        List<SafeTensorsFile> files = [];
        try
        {
            string single = Path.Join(directory, SingleName);
            if (File.Exists(single)) files.Add(SafeTensorsFile.Open(single));
            else ShardIndex.Load(Path.Join(directory, IndexName)).OpenShards(files);
            return new Checkpoint(directory, config, files);
        }
        catch
        {
            foreach (SafeTensorsFile file in files) file.Dispose();
            throw;
        }
    }

    /// <summary>A model of this architecture with random bf16 weights, for measurements: any tensor it is asked for, it has.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="name">What results call it.</param>
    /// <param name="seed">Of the weights.</param>
    /// <param name="apart">Whether every tensor has memory of its own, for backends that read weights in place; else they overlap.</param>
    public static Checkpoint OfRandomWeights(ModelConfig config, string name, int seed = 1, bool apart = false) => new(config, name, seed, apart);

    /// <summary>Reads only the configuration of a model directory.</summary>
    /// <exception cref="CudaSearchException">The directory is no model, or its configuration is wrong.</exception>
    public static ModelConfig ReadConfig(string directory)
    {
        string config = Path.Join(directory, ConfigName);
        bool hasWeights = File.Exists(Path.Join(directory, SingleName)) || File.Exists(Path.Join(directory, IndexName));
        return File.Exists(config) && hasWeights ? ModelConfig.Load(config) : throw NoModel(directory);
    }

    /// <summary>Whether there is a tensor of this name.</summary>
    public bool Contains(string name) => _random is not null || _tensors.ContainsKey(name);

    /// <summary>A tensor by name.</summary>
    /// <param name="name">Its full name, e.g. <c>model.norm.weight</c>.</param>
    /// <param name="expectedShape">The shape it must have; not checked when none is given.</param>
    /// <exception cref="CudaSearchException">There is no such tensor, or its shape differs.</exception>
    public TensorView Get(string name, params ReadOnlySpan<long> expectedShape)
    {
        if (_random is not null) return _random.Tensor(name, expectedShape.ToArray());
        string expected = expectedShape.IsEmpty ? "" : $" of shape {Shapes.Show(expectedShape.ToArray())}";
        if (!_tensors.TryGetValue(name, out TensorView? tensor))
            throw CudaSearchException.BadInput($"{Directory}: there is no tensor {StrictJson.Quote(name)}{expected}, which {ConfigName} (model_type {Config.ModelType}) calls for; use a complete checkpoint of that type");
        if (!expectedShape.IsEmpty && !expectedShape.SequenceEqual([.. tensor.Shape]))
            throw CudaSearchException.BadInput($"{tensor.FilePath}: tensor {StrictJson.Quote(name)} has shape {Shapes.Show(tensor.Shape)}; {ConfigName} calls for one{expected}: use the {ConfigName} that belongs to these weights");
        return tensor;
    }

    /// <summary>Unmaps all files; views of their tensors throw from then on.</summary>
    public void Dispose()
    {
        foreach (SafeTensorsFile file in _files) file.Dispose();
        _random?.Dispose();
    }

    private static CudaSearchException NoModel(string directory)
    {
        if (File.Exists(directory))
            return CudaSearchException.BadInput($"{directory} is a file; give the model's directory, which holds {ConfigName} and {SingleName}");
        if (!System.IO.Directory.Exists(directory))
            return CudaSearchException.BadInput($"{directory}: there is no such directory; give one that holds {ConfigName} and {SingleName}");
        return CudaSearchException.BadInput($"{directory} is no model directory: looked for {ConfigName} ({Found(ConfigName)}) and for {SingleName} ({Found(SingleName)}) or {IndexName} ({Found(IndexName)}); give a checkpoint in Hugging Face's layout");

        string Found(string name) => File.Exists(Path.Join(directory, name)) ? "there" : "missing";
    }
}
