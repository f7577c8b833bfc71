using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Checkpoints;
using CudaSearch.Model;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Model;

public sealed class MixedTypesTests
{
    [Fact]
    public void GateAndUpOfDifferentTypesAreRefused()
    {
        const string odd = "model.layers.1.mlp.up_proj.weight";
        using var random = new RandomCheckpoint(new RandomModel { Type = ElementType.BF16 });
        using var folder = new TempFolder();
        using (SafeTensorsFile file = SafeTensorsFile.Open(Path.Join(random.Directory, "model.safetensors")))
        {
            SafeTensorsWriter.Write(folder.File("model.safetensors"), file.Tensors.Values.Select(tensor => TensorData.Of(
                tensor.Name, tensor.Name == odd ? ElementType.F32 : tensor.Type, [.. tensor.Shape], tensor.ToFloat32())));
        }
        File.Copy(Path.Join(random.Directory, "config.json"), folder.File("config.json"));
        using Checkpoint mixed = Checkpoint.Open(folder.Path);
        using IBackend backend = CpuBackend.Create(threads: 1);
        CudaSearchException refused = Assert.Throws<CudaSearchException>(() => new Transformer(backend, mixed).Dispose());
        Assert.Contains(odd, refused.Message, StringComparison.Ordinal);
    }
}
