using System.Buffers.Binary;
using System.Text.Json;

namespace CudaSearch.Tests.TinyMath;

/// <summary>The embedded checkpoints are whole, of the promised shape, and lie where the program looks for them.</summary>
public sealed class TinyMathCheckpointTests
{
    private static readonly string[] s_files =
        ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];

    [Theory]
    [InlineData("generator", 4, 1_500_000, 3_000_000)]
    [InlineData("prm", 8, 3_000_000, 8_000_000)]
    public void Checkpoint_is_a_whole_llama(string name, int layers, long fewest, long most)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "tinymath", name);
        Assert.All(s_files, file => Assert.True(File.Exists(Path.Combine(folder, file)), $"{folder} has no {file}"));

        using var config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "config.json")));
        Assert.Equal("llama", config.RootElement.GetProperty("model_type").GetString());
        Assert.Equal(layers, config.RootElement.GetProperty("num_hidden_layers").GetInt32());
        var vocabulary = config.RootElement.GetProperty("vocab_size").GetInt32();

        var bytes = File.ReadAllBytes(Path.Combine(folder, "model.safetensors"));
        Assert.InRange(bytes.Length, 1, 10 << 20);
        var header = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        Assert.Equal(0, header % 8);
        using var tensors = JsonDocument.Parse(bytes.AsMemory(8, header));
        var (count, parameters, end) = (0, 0L, 0L);
        foreach (var tensor in tensors.RootElement.EnumerateObject().Where(tensor => tensor.Name != "__metadata__"))
        {
            Assert.Equal("BF16", tensor.Value.GetProperty("dtype").GetString());
            var size = tensor.Value.GetProperty("shape").EnumerateArray().Aggregate(1L, (product, side) => product * side.GetInt64());
            var offsets = tensor.Value.GetProperty("data_offsets");
            Assert.Equal(end, offsets[0].GetInt64());
            Assert.Equal(end + (2 * size), offsets[1].GetInt64());
            (count, parameters, end) = (count + 1, parameters + size, end + (2 * size));
        }

        Assert.Equal(2 + (9 * layers), count);
        Assert.InRange(parameters, fewest, most);
        Assert.Equal(bytes.Length, 8 + header + end);

        // A bf16 whose exponent bits are all set is an infinity or no number.
        for (var i = 8 + header; i < bytes.Length; i += 2)
        {
            if ((BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(i)) & 0x7F80) == 0x7F80)
                Assert.Fail($"{name}: a weight at byte {i} is not finite");
        }

        using var tokenizer = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "tokenizer.json")));
        var words = tokenizer.RootElement.GetProperty("model").GetProperty("vocab").EnumerateObject().Select(word => word.Value.GetInt32());
        var added = tokenizer.RootElement.GetProperty("added_tokens").EnumerateArray().Select(token => token.GetProperty("id").GetInt32());
        Assert.Equal(Enumerable.Range(0, vocabulary), words.Concat(added).Order());
    }

    [Fact]
    public void Generator_and_verifier_share_one_tokenizer()
    {
        var root = Path.Combine(AppContext.BaseDirectory, "tinymath");
        Assert.Equal(File.ReadAllText(Path.Combine(root, "generator", "tokenizer.json")), File.ReadAllText(Path.Combine(root, "prm", "tokenizer.json")));
    }
}
