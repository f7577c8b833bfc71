using CudaSearch.Checkpoints;

namespace CudaSearch.Tests.Checkpoints;

public sealed class CheckpointTests
{
    private const string Config = """
        {"model_type":"llama","hidden_size":8,"intermediate_size":16,"num_hidden_layers":1,"num_attention_heads":2,"vocab_size":10,"max_position_embeddings":32}
        """;

    private const string IndexName = "model.safetensors.index.json";

    [Theory]
    [InlineData("stories260K-f32", 4)]
    [InlineData("stories260K-bf16", 2)]
    public void OpensATrainedModel(string name, int elementSize)
    {
        using Checkpoint checkpoint = Checkpoint.Open(SharedData.PathOf("models", name) + "/");
        Assert.Equal(name, checkpoint.Name);
        Assert.Equal(260_032 * elementSize, checkpoint.ByteLength);
        Assert.Equal(64, checkpoint.Config.HiddenSize);
        Assert.Equal(32 * 64, checkpoint.Get("model.layers.4.self_attn.k_proj.weight", 32, 64).ElementCount);
        Assert.False(checkpoint.Contains("lm_head.weight"));
    }

    [Fact]
    public void NamesTensorAndShapesOfWhatDoesNotFit()
    {
        using TempFolder folder = Single();
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal([2, 3], checkpoint.Get("a").Shape);
        Assert.Equal([2, 3], checkpoint.Get("a", 2, 3).Shape);
        Says(() => checkpoint.Get("a", 3, 2), "model.safetensors", "\"a\" has shape [2, 3]", "of shape [3, 2]");
        Says(() => checkpoint.Get("c", 3, 2), folder.Path, "no tensor \"c\" of shape [3, 2]", "llama");
    }

    [Fact]
    public void DisposesItsFiles()
    {
        using TempFolder folder = Single();
        Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        TensorView tensor = checkpoint.Get("a");
        checkpoint.Dispose();
        Assert.Throws<ObjectDisposedException>(() => tensor.Pointer);
    }

    [Fact]
    public void OpensShards()
    {
        using TempFolder folder = Sharded("""{"metadata":{"total_size":28},"weight_map":{"a":"one","b":"two"}}""");
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal(32, checkpoint.ByteLength);
        Assert.Equal([1, 2, 3, 4, 5, 6], checkpoint.Get("a", 2, 3).ToFloat32());
        Assert.Equal([7, 8], checkpoint.Get("b", 2).ToFloat32());
    }

    [Fact]
    public void FollowsLinksAsTheHubsCacheMakesThem()
    {
        using TempFolder blobs = Single(), folder = new();
        foreach (string name in (string[])["config.json", "model.safetensors"]) File.CreateSymbolicLink(folder.File(name), blobs.File(name));
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        Assert.True(checkpoint.Contains("a"));
    }

    [Theory]
    [InlineData("[]", "holds an array")]
    [InlineData("{}", "weight_map is missing")]
    [InlineData("{'weight_map':{}}", "weight_map is empty")]
    [InlineData("{'weight_map':[]}", "weight_map is an array; an object is needed")]
    [InlineData("{'weight_map':{'a':1}}", "a is 1; a string is needed")]
    [InlineData("{'weight_map':{'a':null}}", "no file for tensor \"a\"")]
    [InlineData("{'weight_map':{'a':'one','a':'two'}}", "\"a\" twice")]
    [InlineData("{'weight_map':{'a':'../one'}}", "only files in the same directory")]
    [InlineData("{'weight_map':{'a':'/etc/passwd'}}", "only files in the same directory")]
    [InlineData("{'weight_map':{'a':'..\\\\one'}}", "only files in the same directory")]
    [InlineData("{'weight_map':{'a':'..'}}", "only files in the same directory")]
    [InlineData("{'weight_map':{'a':''}}", "only files in the same directory")]
    [InlineData("{'weight_map':{'a':'o\\u0000e'}}", "only files in the same directory")]
    [InlineData("{'weight_map':{'a':'one','b':'three'}}", "three: this shard, named by")]
    [InlineData("{'weight_map':{'a':'one','b':'one'}}", "one: tensor \"b\" should be here")]
    [InlineData("{'weight_map':{'a':'one','b':'again'}}", "tensor \"a\" is also in|again")]
    [InlineData("{'weight_map':{'a':'one','b':'short'}}", "short: tensor \"b\" ends at byte 8|cut short")]
    public void NamesWhatIsWrongWithShards(string index, string reasons)
    {
        using TempFolder folder = Sharded(index.Replace('\'', '"'));
        SafeTensorsWriter.Write(folder.File("again"), A, B);
        File.WriteAllBytes(folder.File("short"), SafeTensorsWriter.ToBytes([B])[..^1]);
        Says(() => Checkpoint.Open(folder.Path), [folder.Path, .. reasons.Split('|')]);
    }

    [Fact]
    public void SaysWhatItLookedFor()
    {
        using TempFolder folder = new();
        Says(() => Checkpoint.Open(folder.Path), folder.Path, "looked for config.json (missing) and for model.safetensors (missing) or model.safetensors.index.json (missing)");
        folder.Write("config.json", Config);
        Says(() => Checkpoint.Open(folder.Path), "looked for config.json (there) and for model.safetensors (missing)");
        Says(() => Checkpoint.Open(folder.File("config.json")), "is a file");
        Says(() => Checkpoint.Open(folder.File("nowhere")), "no such directory");
        Says(() => Checkpoint.Open(""), "no such directory");
        Says(() => Checkpoint.Open("\0"), "no such directory");
    }

    private static TensorData A { get; } = TensorData.Of("a", ElementType.F32, [2, 3], [1, 2, 3, 4, 5, 6]);

    private static TensorData B { get; } = TensorData.Of("b", ElementType.F32, [2], [7, 8]);

    private static TempFolder Single()
    {
        TempFolder folder = new();
        folder.Write("config.json", Config);
        SafeTensorsWriter.Write(folder.File("model.safetensors"), A, B);
        return folder;
    }

    private static TempFolder Sharded(string index)
    {
        TempFolder folder = new();
        folder.Write("config.json", Config);
        folder.Write(IndexName, index);
        SafeTensorsWriter.Write(folder.File("one"), A);
        SafeTensorsWriter.Write(folder.File("two"), B);
        return folder;
    }

    private static void Says(Func<object> action, params string[] parts)
    {
        CudaSearchException refusal = Assert.Throws<CudaSearchException>(action);
        foreach (string part in parts) Assert.Contains(part, refusal.Message);
    }
}
