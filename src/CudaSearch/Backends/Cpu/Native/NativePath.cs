using CudaSearch.Checkpoints;

namespace CudaSearch.Backends.Cpu.Native;

/// <summary>The native kernels of one instruction set, and what the operations over them share.</summary>
internal sealed unsafe class NativePath
{
    private const int MostPanels = 2;
    private const int PartsPerThread = 4;

    private readonly NativeKernels* _ofBFloat16;
    private readonly NativeKernels* _ofFloat32;
    private readonly NativeKernels* _ofInt8;

    /// <param name="name">One of <see cref="NativeLibraryFile.Paths"/>.</param>
    /// <param name="precision">What matrices are brought to at load.</param>
    /// <exception cref="CudaSearchException">The path has no such kernels on this processor.</exception>
    public NativePath(string name, WeightPrecision precision)
    {
        Name = name;
        Precision = precision;
        _ofBFloat16 = NativeLibraryFile.Find(name, NativeWeights.BFloat16);
        _ofFloat32 = NativeLibraryFile.Find(name, NativeWeights.Float32);
        _ofInt8 = NativeLibraryFile.Find(name, NativeWeights.Int8);
        if (precision == WeightPrecision.Int8 && _ofInt8 is null)
            throw new CudaSearchException(Failure.DeviceUnavailable, $"int8 weights need a processor with AVX-512 VNNI, and the path {name} has none; leave --weights out");
    }

    public string Name { get; }

    /// <summary>What matrices are brought to at load.</summary>
    public WeightPrecision Precision { get; }

    /// <summary>The kernels for weights of this run's precision, for those that touch none and for measurements.</summary>
    public NativeKernels* Default => Precision == WeightPrecision.Int8 ? _ofInt8 : _ofBFloat16;

    /// <summary>A matrix packed for products, and its stored rows for everything else.</summary>
    public CpuWeight Load(WorkerPool pool, TensorView tensor)
    {
        NativeKernels* kernels = Precision == WeightPrecision.Int8 ? _ofInt8 : tensor.Type == ElementType.BF16 ? _ofBFloat16 : _ofFloat32;
        return new CpuWeight(tensor, new PackedMatrix(pool, kernels, tensor));
    }

    /// <summary>Output columns of a part: whole panels, few enough that every thread gets several parts of a narrow matrix.</summary>
    public static int OutputsPerPart(int outputs, int threads)
    {
        int panels = (outputs + PackedMatrix.PanelRows - 1) / PackedMatrix.PanelRows;
        int wanted = panels / (threads * PartsPerThread);
        return Math.Clamp(wanted, 1, MostPanels) * PackedMatrix.PanelRows;
    }
}
