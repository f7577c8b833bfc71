using System.Text.Json.Nodes;
using CudaSearch.Checkpoints;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Engine;

/// <summary>
/// A checkpoint that says what it is told: after token chain[i] the greedy choice is chain[i + 1]. Attention is at work, too weakly to change that, so
/// that logits still depend on every token before.
/// </summary>
internal static class ChainModel
{
    public static EngineFixture Open(int[] chain, int vocabulary, FixtureOptions options, int context = 512)
    {
        Assert.Distinct(chain);
        var folder = new TempFolder();
        folder.Write("config.json", new JsonObject
        {
            ["model_type"] = "llama", ["hidden_size"] = vocabulary, ["intermediate_size"] = 4, ["num_hidden_layers"] = 1, ["num_attention_heads"] = 1,
            ["num_key_value_heads"] = 1, ["head_dim"] = 8, ["vocab_size"] = vocabulary, ["max_position_embeddings"] = context, ["hidden_act"] = "silu",
            ["rms_norm_eps"] = 1e-5, ["rope_theta"] = 10000.0, ["tie_word_embeddings"] = false, ["bos_token_id"] = 0, ["eos_token_id"] = 0,
        }.ToJsonString());
        var random = new Random(1);
        float[] head = Noise(vocabulary * vocabulary, 1e-3);
        for (int i = 0; i + 1 < chain.Length; i++) head[chain[i + 1] * vocabulary + chain[i]] = 1f;
        TensorData[] tensors =
        [
            Tensor("model.embed_tokens.weight", Identity(), vocabulary, vocabulary),
            Tensor("model.layers.0.input_layernorm.weight", Ones(), vocabulary),
            Tensor("model.layers.0.self_attn.q_proj.weight", Noise(8 * vocabulary, 0.1), 8, vocabulary),
            Tensor("model.layers.0.self_attn.k_proj.weight", Noise(8 * vocabulary, 0.1), 8, vocabulary),
            Tensor("model.layers.0.self_attn.v_proj.weight", Noise(8 * vocabulary, 0.1), 8, vocabulary),
            Tensor("model.layers.0.self_attn.o_proj.weight", Noise(8 * vocabulary, 1e-3), vocabulary, 8),
            Tensor("model.layers.0.post_attention_layernorm.weight", Ones(), vocabulary),
            Tensor("model.layers.0.mlp.gate_proj.weight", Noise(4 * vocabulary, 1e-3), 4, vocabulary),
            Tensor("model.layers.0.mlp.up_proj.weight", Noise(4 * vocabulary, 1e-3), 4, vocabulary),
            Tensor("model.layers.0.mlp.down_proj.weight", Noise(4 * vocabulary, 1e-3), vocabulary, 4),
            Tensor("model.norm.weight", Ones(), vocabulary),
            Tensor("lm_head.weight", head, vocabulary, vocabulary),
        ];
        SafeTensorsWriter.Write(folder.File("model.safetensors"), tensors);
        return new EngineFixture(Checkpoint.Open(folder.Path), options, folder);

        float[] Ones() => [.. Enumerable.Repeat(1f, vocabulary)];
        float[] Noise(int count, double scale) => [.. Enumerable.Range(0, count).Select(_ => (float)(scale * (2 * random.NextDouble() - 1)))];
        float[] Identity() => [.. Enumerable.Range(0, vocabulary * vocabulary).Select(i => i / vocabulary == i % vocabulary ? 1f : 0f)];
    }

    private static TensorData Tensor(string name, float[] values, params long[] shape) => TensorData.Of(name, ElementType.F32, shape, values);
}
