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
    private readonly NativeKernels* _ofE4M3;

    /// <param name="name">One of <see cref="NativeLibraryFile.Paths"/>.</param>
    public NativePath(string name)
    {
        Name = name;
        _ofBFloat16 = NativeLibraryFile.Find(name, NativeWeights.BFloat16);
        _ofFloat32 = NativeLibraryFile.Find(name, NativeWeights.Float32);
        _ofInt8 = NativeLibraryFile.Find(name, NativeWeights.Int8);
        _ofE4M3 = NativeLibraryFile.Find(name, NativeWeights.E4M3);
    }

    public string Name { get; }

    /// <summary>The kernels for what touches no weights.</summary>
    public NativeKernels* Default => _ofBFloat16;

    /// <summary>A matrix packed for products, and its stored rows for everything else.</summary>
    /// <exception cref="CudaSearchException">The path has no kernels for this precision on this processor.</exception>
    public CpuWeight Load(WorkerPool pool, TensorView tensor, WeightPrecision precision) =>
        new(tensor, new PackedMatrix(pool, KernelsFor(precision, tensor.Type), tensor));

    /// <summary>The kernels for matrices of this precision.</summary>
    /// <param name="precision">What they are brought to at load.</param>
    /// <param name="stored">What they are stored in.</param>
    /// <exception cref="CudaSearchException">The path has none on this processor.</exception>
    public NativeKernels* KernelsFor(WeightPrecision precision, ElementType stored)
    {
        if (precision == WeightPrecision.Int8 && _ofInt8 is null)
            throw new CudaSearchException(Failure.DeviceUnavailable, $"int8 weights need a processor with AVX-512 VNNI, and the path {Name} has none; leave --weights out");
        return precision switch
        {
            WeightPrecision.Int8 => _ofInt8,
            WeightPrecision.Fp8 => _ofE4M3,
            _ => stored == ElementType.BF16 ? _ofBFloat16 : _ofFloat32,
        };
    }

    /// <summary>Output columns of a part: whole panels, few enough that every thread gets several parts of a narrow matrix.</summary>
    public static int OutputsPerPart(int outputs, int threads)
    {
        int panels = (outputs + PackedMatrix.PanelRows - 1) / PackedMatrix.PanelRows;
        int wanted = panels / (threads * PartsPerThread);
        return Math.Clamp(wanted, 1, MostPanels) * PackedMatrix.PanelRows;
    }
}
