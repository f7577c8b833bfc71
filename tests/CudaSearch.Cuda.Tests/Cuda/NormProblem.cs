using System.Runtime.InteropServices;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Cuda;

/// <summary>
/// The parameters of <c>rms_norm_bf16</c>, as these tests need them: pointers and numbers mixed, and four bytes of padding at the end.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NormArguments
{
    public DevicePointer Pass;
    public int RowSet;
    public DevicePointer Input;
    public DevicePointer Weight;
    public DevicePointer Output;
    public int Columns;
    public int Stride;
    public float Epsilon;
}

/// <summary>A small RMSNorm on the device: a kernel whose result is known, for tests of everything around a kernel.</summary>
internal sealed class NormProblem : IDisposable
{
    public const string Module = "rms_norm";
    public const string Function = "rms_norm_bf16";

    private const int Columns = 64;
    private const int HeaderWords = 32;
    private const ushort Two = 0x4000;

    private readonly DeviceFixture _device;
    private readonly CudaDeviceVariable<int> _pass;
    private readonly CudaDeviceVariable<ushort> _weight;

    public NormProblem(DeviceFixture device, int rows)
    {
        _device = device;
        Rows = rows;
        Kernel = device.Kernels.Get<NormArguments>(Module, Function);
        int[] pass = new int[HeaderWords];
        pass[0] = rows;
        _pass = device.Upload<int>(pass);
        _weight = device.Upload<ushort>([.. Enumerable.Repeat(Two, Columns)]);
        Input = device.Upload<float>(Ramp(1f));
        Output = device.Poisoned<ushort>(rows * Columns);
        Arguments = new NormArguments
        {
            Pass = _pass.Pointer,
            Input = Input.Pointer,
            Weight = _weight.Pointer,
            Output = Output.Pointer,
            Columns = Columns,
            Stride = Columns,
            Epsilon = 1f,
        };
    }

    public int Rows { get; }

    public CudaKernel<NormArguments> Kernel { get; }

    public CudaDeviceVariable<float> Input { get; }

    public CudaDeviceVariable<ushort> Output { get; }

    public NormArguments Arguments { get; }

    /// <summary>The kernel's module, loaded once more.</summary>
    public static CudaModule LoadModule(DeviceFixture device)
    {
        KernelImages images = KernelImages.Find(TestDevice.CheckedKernels, device.Context.Name, device.Context.ComputeCapability);
        return CudaModule.Load(images.Read(Module), Module);
    }

    /// <summary>An input: row r, column c is scale · (r + 1) · (c − 31.5).</summary>
    public float[] Ramp(float scale) =>
        [.. Enumerable.Range(0, Rows * Columns).Select(i => scale * (i / Columns + 1) * (i % Columns - 31.5f))];

    public void Launch(CudaStream stream) => Kernel.Launch(stream, new Dim3(Rows), new Dim3(32), Arguments);

    /// <summary>Compares the output with double-precision RMSNorm of an input; every element counts, so a NaN fails.</summary>
    public void RequireNormOf(float[] input)
    {
        ushort[] output = _device.Download(Output);
        int bad = 0;
        for (int row = 0; row < Rows; row++)
        {
            double squares = 0;
            for (int column = 0; column < Columns; column++) squares += Math.Pow(input[row * Columns + column], 2);
            for (int column = 0; column < Columns; column++)
            {
                int i = row * Columns + column;
                double expected = 2 * input[i] / Math.Sqrt(squares / Columns + 1);
                float actual = BitConverter.UInt32BitsToSingle((uint)output[i] << 16);
                // bf16 keeps 8 bits: half a unit in the last place is 2⁻⁹.
                if (!(Math.Abs(actual - expected) <= Math.Abs(expected) / 256)) bad++;
            }
        }
        Assert.Equal(0, bad);
    }

    public void Dispose()
    {
        _pass.Dispose();
        _weight.Dispose();
        Input.Dispose();
        Output.Dispose();
    }
}
