using CudaSearch.Checkpoints;

namespace CudaSearch.Tests.Model;

public sealed class RandomCheckpointTests
{
    private static readonly int[] s_tokens = [1, 5, 9, 2, 66, 0, 5, 5, 31, 17, 44, 60];

    [Theory]
    [InlineData("llama", ElementType.F32, true)]
    [InlineData("llama", ElementType.BF16, false)]
    [InlineData("qwen2", ElementType.F16, true)]
    [InlineData("mistral", ElementType.BF16, false)]
    public void IsACheckpointOfItsOptions(string modelType, ElementType type, bool tied)
    {
        RandomModel model = new() { ModelType = modelType, Type = type, TieWordEmbeddings = tied, HeadDim = 16, RopeScaling = new(8, 1, 4, 64) };
        string directory;
        using (RandomCheckpoint random = new(model))
        {
            directory = random.Directory;
            using Checkpoint checkpoint = random.Open();
            ModelConfig config = checkpoint.Config;
            Assert.Equal((modelType, 16, 2, tied, modelType == "qwen2", model.RopeScaling),
                (config.ModelType, config.HeadDim, config.NumKeyValueHeads, config.TieWordEmbeddings, config.QkvBias, config.RopeScaling));
            Assert.Equal(type, checkpoint.Get("model.layers.1.self_attn.k_proj.weight", 32, 32).Type);
            Assert.Equal(!tied, checkpoint.Contains("lm_head.weight"));
            Assert.Equal(config.QkvBias, checkpoint.Contains("model.layers.0.self_attn.v_proj.bias"));
            double[][] logits = new ReferenceTransformer(checkpoint).Logits(s_tokens);
            Assert.Equal((s_tokens.Length, 67), (logits.Length, logits[0].Length));
            Assert.All(logits, row => Assert.InRange(Math.Sqrt(row.Average(l => l * l)), 0.3, 3)); // of the order of one
        }
        Assert.False(Directory.Exists(directory));
    }

    [Fact]
    public void TheSeedDecidesTheWeights()
    {
        Assert.Equal(Weights(1), Weights(1));
        Assert.NotEqual(Weights(1), Weights(2));
    }

    // A judge that does not notice a part is no judge of it.
    [Fact]
    public void EveryPartOfTheArchitectureMovesTheLogits()
    {
        RandomModel plain = new() { Seed = 3, TieWordEmbeddings = true };
        double[] logits = LastLogits(plain);
        Assert.All((RandomModel[])[plain with { RopeTheta = 1000 }, plain with { RopeScaling = new(8, 1, 4, 64) }],
            changed => Assert.True(LastLogits(changed).Zip(logits, (a, b) => Math.Abs(a - b)).Max() > 0.01));
        Assert.Equal(logits, LastLogits(plain with { ModelType = "mistral" }));
    }

    [Fact]
    public void TheLibrarysRotaryFrequenciesAreTheReferences()
    {
        foreach (Llama3RopeScaling? scaling in (Llama3RopeScaling?[])[null, new(32, 1, 4, 8192), new(8, 1, 4, 64), new(2.5, 0.5, 16, 1000)])
        {
            using RandomCheckpoint random = new(new RandomModel { HeadDim = 64, RopeTheta = 500000, RopeScaling = scaling, NumHiddenLayers = 1, HiddenSize = 8 });
            using Checkpoint checkpoint = random.Open();
            double[] frequencies = checkpoint.Config.RopeInverseFrequencies();
            ReferenceTransformer reference = new(checkpoint);
            for (int i = 0; i < frequencies.Length; i++) Assert.Equal(1, frequencies[i] / reference.InverseFrequency(i), 1e-12);
        }
    }

    private static byte[] Weights(int seed)
    {
        using RandomCheckpoint random = new(new RandomModel { Seed = seed });
        return File.ReadAllBytes(Path.Join(random.Directory, "model.safetensors"));
    }

    private static double[] LastLogits(RandomModel model)
    {
        using RandomCheckpoint random = new(model);
        using Checkpoint checkpoint = random.Open();
        return new ReferenceTransformer(checkpoint).Logits(s_tokens)[^1];
    }
}
