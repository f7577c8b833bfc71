using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Conformance;

/// <summary>
/// One word of <c>kernels/common/device.cuh</c> on one kind of data: the kernel that exercises it, its input, and what it must give.
/// </summary>
/// <param name="Name">Unique; also the name of its record.</param>
/// <param name="Module">File of <c>tests/hostcuda/conformance</c> without its extension.</param>
/// <param name="Kernel">Kernel in it.</param>
/// <param name="Input">Makes the input words.</param>
/// <param name="Reference">The output words, computed from the input in C# by the definition in the PTX manual.</param>
internal sealed record Primitive(string Name, string Module, string Kernel, Func<Words, uint[]> Input, Func<uint[], uint[]> Reference)
{
    /// <summary>Threads of a block.</summary>
    public int Threads { get; init; } = 32;

    /// <summary>Blocks of the grid.</summary>
    public int Blocks { get; init; } = 1;

    /// <summary>Launches in a row; with more than one, each may start before the last has ended.</summary>
    public int Launches { get; init; } = 1;

    /// <summary>Bytes of dynamic shared memory.</summary>
    public int SharedBytes { get; init; }

    /// <summary>How far a word may be from the expected one.</summary>
    public Tolerance Tolerance { get; init; } = Tolerance.Exact;

    /// <summary>The output is zero at the start; otherwise it is poisoned with 0xFF.</summary>
    public bool StartsAtZero { get; init; }

    /// <summary>It orders memory in a way that the checker does not follow, so it runs without.</summary>
    public bool Unchecked { get; init; }

    /// <summary>It exists on compute capability 9.0 alone.</summary>
    public bool NeedsHopper { get; init; }

    /// <summary>The input of every run and machine.</summary>
    public uint[] MakeInput() => Input(new Words(Name));

    /// <summary>Where the kernels of <c>tests/hostcuda/conformance</c> lie for the device of this run.</summary>
    // The GPU kit can be tried where there is no GPU: it then takes the host device for one.
    public static string ImageFolder(CudaContext context, bool isChecked) => Path.Combine(TestDevice.HostFolder, "conformance", TestDevice.Kind switch
    {
        "gpu" when context.Name == "CudaSearch host device" => "plain",
        "gpu" => KernelImages.TargetFor(context.Name, context.ComputeCapability),
        "asan" => "asan",
        _ => isChecked ? "checker" : "plain",
    });

    /// <inheritdoc/>
    public override string ToString() => Name;
}
