namespace CudaSearch.Backends.Cpu.Native;

/// <summary>The native kernels of one instruction set, and what the operations over them share.</summary>
internal sealed unsafe class NativePath : IDisposable
{
    private const int MostOutputs = 64;
    private const int FewestOutputs = 16;
    private const int PartsPerThread = 4;

    private readonly NativeKernels* _ofBFloat16;
    private readonly NativeKernels* _ofFloat32;

    /// <param name="name">One of <see cref="NativeLibraryFile.Paths"/>.</param>
    public NativePath(string name)
    {
        Name = name;
        _ofBFloat16 = NativeLibraryFile.Find(name, ofBFloat16: true);
        _ofFloat32 = NativeLibraryFile.Find(name, ofBFloat16: false);
    }

    public string Name { get; }

    /// <summary>The input of the product at hand.</summary>
    public NarrowedRows Input { get; } = new();

    /// <summary>The kernels for such weights.</summary>
    public NativeKernels* For(CpuWeight weight) => weight.IsBFloat16 ? _ofBFloat16 : _ofFloat32;

    /// <summary>Attention does not touch weights.</summary>
    public NativeKernels* ForAttention => _ofFloat32;

    /// <summary>Output columns of a part: a multiple of 4, few enough that every thread gets several parts of a narrow matrix.</summary>
    public static int OutputsPerPart(int outputs, int threads)
    {
        int wanted = (outputs + threads * PartsPerThread - 1) / (threads * PartsPerThread);
        return threads == 1 ? MostOutputs : Math.Clamp((wanted + 3) / 4 * 4, FewestOutputs, MostOutputs);
    }

    public void Dispose() => Input.Dispose();
}
