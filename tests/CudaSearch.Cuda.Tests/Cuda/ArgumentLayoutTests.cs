using System.Runtime.InteropServices;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Cuda;

public sealed class ArgumentLayoutTests(DeviceFixture device)
{
    // The parameters of rms_norm_bf16, as the driver must report them.
    private static readonly ArgumentField[] s_norm =
    [
        new("Pass", 0, 8), new("RowSet", 8, 4), new("Input", 16, 8), new("Weight", 24, 8), new("Output", 32, 8), new("Columns", 40, 4),
        new("Stride", 44, 4), new("Epsilon", 48, 4),
    ];

    private enum Mode : byte
    {
        None,
    }

    [Fact]
    public void FieldsKeepTheirOrderAndAlignment()
    {
        ArgumentField[] layout = ArgumentLayout.Of<Mixed>();
        ArgumentField[] expected =
        [
            new("First", 0, 1), new("Second", 8, 8), new("Third", 16, 2), new("Fourth", 20, 4), new("Fifth", 24, 1), new("Sixth", 32, 8),
            new("Seventh", 40, 4),
        ];
        Assert.Equal(expected, layout);
        Assert.Equal(44, ArgumentLayout.End(layout));
    }

    [Fact]
    public unsafe void TheLayoutIsWhereTheFieldsReallyAre()
    {
        Mixed mixed = default;
        byte* start = (byte*)&mixed;
        long[] offsets =
        [
            (byte*)&mixed.First - start, (byte*)&mixed.Second - start, (byte*)&mixed.Third - start, (byte*)&mixed.Fourth - start,
            (byte*)&mixed.Fifth - start, (byte*)&mixed.Sixth - start, (byte*)&mixed.Seventh - start,
        ];
        Assert.Equal(offsets, ArgumentLayout.Of<Mixed>().Select(field => (long)field.Offset));
    }

    [Fact]
    public void AStructWithoutFieldsHasNoArguments() => Assert.Equal(0, ArgumentLayout.End(ArgumentLayout.Of<Empty>()));

    [Fact]
    public void PropertiesAreNamedAsTheyAreWritten() => Assert.Equal("Rows", ArgumentLayout.Of<Positional>()[0].Name);

    [Fact]
    public void ATypeWithoutACounterpartIsRefused() =>
        Assert.StartsWith("Flagged.Flag is a Boolean", Refusal(() => ArgumentLayout.Of<Flagged>()), StringComparison.Ordinal);

    [Fact]
    public void APackedStructIsRefused() =>
        Assert.Contains("default packing", Refusal(() => ArgumentLayout.Of<Packed>()), StringComparison.Ordinal);

    [Fact]
    public void TheRightStructIsAccepted()
    {
        Assert.Equal(s_norm, ArgumentLayout.Of<NormArguments>());
        Assert.Null(Difference(s_norm));
    }

    [Fact]
    public void AFieldOfAnotherSizeIsRefused()
    {
        KernelLibrary kernels = device.Kernels;
        var refusal = Assert.Throws<CudaSearchException>(() => kernels.Get<WideRowSet>(NormProblem.Module, NormProblem.Function));
        string message = refusal.Message;
        Assert.Contains("ArgumentLayoutTests.WideRowSet does not fit kernel 'rms_norm_bf16'", message, StringComparison.Ordinal);
        Assert.Contains("parameter 1 takes 4 bytes and the field 'RowSet' 8", message, StringComparison.Ordinal);
    }

    [Fact]
    public void FieldsInAnotherOrderAreRefused() =>
        RequireDifference("parameter 1 takes 4 bytes and the field 'Input' 8", [s_norm[0], s_norm[2] with { Offset = 8 }]);

    [Fact]
    public void AFieldAtAnotherPlaceIsRefused() =>
        RequireDifference("parameter 2 is at byte 16 and the field 'Input' at byte 12", [.. s_norm[..2], new("Input", 12, 8)]);

    [Fact]
    public void AFieldTooManyIsRefused() =>
        RequireDifference("8 parameters and the struct 9 fields; 'Extra' has no parameter", [.. s_norm, new("Extra", 52, 4)]);

    [Fact]
    public void AFieldTooFewIsRefused() =>
        RequireDifference("parameter 7 of 4 bytes after the struct's last field 'Stride'", s_norm[..7]);

    [Fact]
    public void AStructWithoutFieldsIsRefusedByAKernelWithParameters() =>
        RequireDifference("parameter 0 of 8 bytes and the struct no fields", []);

    private static string Refusal(Action action) => Assert.Throws<InvalidOperationException>(action).Message;

    private void RequireDifference(string difference, ArgumentField[] layout) =>
        Assert.Contains(difference, Difference(layout), StringComparison.Ordinal);

    // The message of the refusal; null when the layout fits the kernel.
    private string? Difference(ArgumentField[] layout)
    {
        using CudaModule module = NormProblem.LoadModule(device);
        nint function = module.FindFunction(NormProblem.Function);
        Exception? refusal = Record.Exception(() => ArgumentLayout.Require(layout, "Arguments", function, NormProblem.Function));
        return refusal is null ? null : Assert.IsType<CudaSearchException>(refusal).Message;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Mixed
    {
        public byte First;
        public DevicePointer Second;
        public short Third;
        public float Fourth;
        public Mode Fifth;
        public double Sixth;
        public uint Seventh;
    }

    private readonly struct Empty;

    private readonly record struct Positional(int Rows);

    [StructLayout(LayoutKind.Sequential)]
    private struct Flagged
    {
        public bool Flag;
    }

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct Packed
    {
        public int Count;
        public DevicePointer Data;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct WideRowSet
    {
        public DevicePointer Pass;
        public long RowSet;
    }
}
