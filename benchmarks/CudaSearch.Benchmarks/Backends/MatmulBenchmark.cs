using BenchmarkDotNet.Attributes;
using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Checkpoints;
using CudaSearch.Tests.Backends.Cpu;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Benchmarks.Backends;

/// <summary>The matmul on all cores: rows × [Out, In], bf16 weights or int8. GFLOP/s = 2 * Rows * In * Out / time.</summary>
public class MatmulBenchmark
{
    private const string Int8 = "int8";

    private readonly TempFolder _folder = new();
    private SafeTensorsFile _file = null!;
    private IBackend _backend = null!;
    private DeviceWeight _weight = null!;
    private ResidualStream _residual = null!;
    private StepBatch _batch = null!;
    private DeviceTensor _input = null!;
    private DeviceTensor _output = null!;
    private DeviceTensor _gated = null!;

    [Params(1, 4, 16, 32, 256)]
    public int Rows { get; set; }

    [Params("192x512", "2048x2048", "2048x8192", "8192x2048")]
    public string Shape { get; set; } = "";

    [ParamsSource(nameof(Paths))]
    public string Path { get; set; } = "";

    public static IEnumerable<string> Paths => [Int8, .. CpuBackend.Paths.Where(path => path != "scalar")];

    [GlobalSetup]
    public void Setup()
    {
        int[] shape = [.. Shape.Split('x').Select(int.Parse)];
        var random = new Random(1);
        float[] values = [.. Enumerable.Range(0, shape[0] * shape[1]).Select(_ => random.NextSingle() - 0.5f)];
        string path = _folder.File("weight.safetensors");
        SafeTensorsWriter.Write(path, TensorData.Of("w", ElementType.BF16, [shape[1], shape[0]], values));
        _file = SafeTensorsFile.Open(path);
        _backend = CpuBackend.Create(path: Path == Int8 ? null : Path);
        _weight = _backend.LoadWeight(_file.Tensors["w"], Axis.Plain(shape[1]), Axis.Plain(shape[0]), WeightUse.Product,
            Path == Int8 ? WeightPrecision.Int8 : WeightPrecision.Stored);
        _input = _backend.Allocate(Rows, Axis.Plain(shape[0]), ActivationType.Operand);
        _residual = _backend.AllocateResidual(Rows, Axis.Plain(shape[0]));
        _batch = Batches.Of(Rows);
        _output = _backend.Allocate(Rows, Axis.Plain(shape[1]), ActivationType.Operand);
        _gated = _backend.Allocate(Rows, Axis.Plain(shape[1]), ActivationType.Operand);
    }

    [Benchmark]
    public void Linear() => _backend.Linear(_input, _weight, bias: null, new Rows(RowSet.All, Rows), _output);

    /// <summary>Both products of a gated layer, over one weight: twice the work of <see cref="Linear"/>.</summary>
    [Benchmark]
    public void GatedLinear() => _backend.GatedLinear(_residual, _weight, _weight, _batch, _gated);

    [GlobalCleanup]
    public void Cleanup()
    {
        _backend.Dispose();
        _residual.Dispose();
        _input.Dispose();
        _output.Dispose();
        _gated.Dispose();
        _file.Dispose();
        _folder.Dispose();
    }
}
