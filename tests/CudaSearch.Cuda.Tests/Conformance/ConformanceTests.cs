using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Conformance;

/// <summary>
/// Every word of <c>kernels/common/device.cuh</c> does what the PTX manual says. On the host device this checks the model that all other
/// tests stand on; on a GPU it checks that model against the real thing, and against what the host device gave when the GPU kit was packed:
/// <c>CUDASEARCH_CONFORMANCE_RECORD</c> names a folder to write results to, <c>CUDASEARCH_CONFORMANCE</c> one to compare with.
/// </summary>
public sealed class ConformanceTests(DeviceFixture device)
{
    private static readonly Dictionary<string, Primitive> s_primitives =
        new[] { WarpPrimitives.All, ArithmeticPrimitives.All, MemoryPrimitives.All, MatrixPrimitives.All }
            .SelectMany(set => set).ToDictionary(primitive => primitive.Name);

    public static TheoryData<string> Names => [.. s_primitives.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void GivesWhatTheManualSays(string name)
    {
        Primitive primitive = s_primitives[name];
        bool hopper = device.Context.ComputeCapability == new Version(9, 0);
        Assert.SkipWhen(primitive.NeedsHopper && !hopper, "exists on compute capability 9.0 alone");

        uint[] input = primitive.MakeInput();
        uint[] expected = primitive.Reference(input);
        uint[] actual = Words(Schedules.Run(() => Run(primitive, input, expected.Length)));

        if (primitive.Tolerance.Difference(expected, actual) is { } wrong) Assert.Fail($"{name}, against the manual: {wrong}");
        string file = name.Replace(' ', '_') + ".words";
        if (Folder("CUDASEARCH_CONFORMANCE") is { } recorded
            && primitive.Tolerance.Difference(Words(File.ReadAllBytes(Path.Combine(recorded, file))), actual) is { } different)
            Assert.Fail($"{name}, against the record: {different}");
        if (Folder("CUDASEARCH_CONFORMANCE_RECORD") is { } record)
            File.WriteAllBytes(Path.Combine(Directory.CreateDirectory(record).FullName, file), Bytes(actual));
    }

    private byte[] Run(Primitive primitive, uint[] input, int outputWords)
    {
        using var kernels = new KernelLibrary(device.Context, Primitive.ImageFolder(device.Context, !primitive.Unchecked));
        CudaKernel<Arguments> kernel = kernels.Get<Arguments>(primitive.Module, primitive.Kernel);
        using CudaDeviceVariable<uint> source = device.Upload<uint>(input);
        using CudaDeviceVariable<uint> target = device.Poisoned<uint>(outputWords);
        CudaStream stream = primitive.Launches > 1 ? device.Stream : device.PlainStream;
        if (primitive.StartsAtZero) target.Fill(0, stream);
        for (int launch = 0; launch < primitive.Launches; launch++)
        {
            kernel.Launch(stream, new Dim3(primitive.Blocks), new Dim3(primitive.Threads),
                new Arguments { Output = target.Pointer, Input = source.Pointer }, primitive.SharedBytes);
        }
        stream.Synchronize();
        return Bytes(device.Download(target));
    }

    private static string? Folder(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } folder ? folder : null;

    private static byte[] Bytes(uint[] words) => System.Runtime.InteropServices.MemoryMarshal.AsBytes<uint>(words).ToArray();

    private static uint[] Words(byte[] bytes) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(bytes).ToArray();

    private struct Arguments
    {
        public DevicePointer Output;
        public DevicePointer Input;
    }
}
