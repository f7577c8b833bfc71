using CudaSearch.Backends.Cuda;
using CudaSearch.Checkpoints;
using CudaSearch.Cuda.Tests.Support;
using CudaSearch.Tests.Engine;
using CudaSearch.Tests.Model;

namespace CudaSearch.Cuda.Tests.Backends;

/// <summary>Models that the CUDA backend is tried with, at the sizes that its kernels take as they are and at sizes that it must pad.</summary>
internal static class CudaModels
{
    /// <summary>By name, so that a test's name says which one failed. All weights are bf16, as the backend keeps them.</summary>
    public static IReadOnlyDictionary<string, RandomModel> All { get; } = new Dictionary<string, RandomModel>
    {
        ["llama"] = Model("llama", headDim: 64, hidden: 128, intermediate: 192, vocabulary: 320),
        ["llama, heads of 128"] = Model("llama", headDim: 128, hidden: 64, intermediate: 64, vocabulary: 100, heads: 2, kvHeads: 2),
        ["llama, padded throughout"] = Model("llama", headDim: 10, hidden: 27, intermediate: 37, vocabulary: 67, heads: 3, kvHeads: 1),
        ["qwen2, biased"] = Model("qwen2", headDim: 64, hidden: 64, intermediate: 128, vocabulary: 128, heads: 8, kvHeads: 1),
        ["mistral, heads of 96"] = Model("mistral", headDim: 96, hidden: 64, intermediate: 128, vocabulary: 101),
    };

    /// <summary>Wide enough for products to be split along k, and one layer deep.</summary>
    public static RandomModel Wide => Model("llama", headDim: 64, hidden: 576, intermediate: 640, vocabulary: 96) with { NumHiddenLayers = 1 };

    /// <summary>A backend on the device of this test run; on the host device with kernels at full speed.</summary>
    public static CudaBackend OpenBackend() => OpenBackend(TestDevice.PlainKernels);

    /// <summary>As the other, with these kernels, which may start early or not, and others for the products of a layer than those shipped.</summary>
    public static CudaBackend OpenBackend(string? kernels, bool dependentLaunch = true, ProductTable? products = null)
    {
        TestDevice.Select();
        return new CudaBackend(0, kernels, dependentLaunch, products);
    }

    /// <summary>An engine over a random model on that backend.</summary>
    public static EngineFixture OnDevice(RandomModel model, FixtureOptions? options = null) =>
        new(model, (options ?? new FixtureOptions()) with { Backend = OpenBackend });

    private static RandomModel Model(string type, int headDim, int hidden, int intermediate, int vocabulary, int heads = 4, int kvHeads = 2) => new()
    {
        ModelType = type,
        HeadDim = headDim,
        HiddenSize = hidden,
        IntermediateSize = intermediate,
        VocabSize = vocabulary,
        NumAttentionHeads = heads,
        NumKeyValueHeads = kvHeads,
        TieWordEmbeddings = type == "qwen2",
        Type = ElementType.BF16,
    };
}
