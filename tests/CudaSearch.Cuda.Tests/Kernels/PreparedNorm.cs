using System.Runtime.InteropServices;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>Device memory, poisoned, for what a kernel that writes the residual stream leaves for the norm that follows.</summary>
internal sealed class PreparedNorm : IDisposable
{
    private readonly DeviceFixture _device;
    private readonly CudaDeviceVariable<ushort> _weight;
    private readonly CudaDeviceVariable<ushort> _operand;
    private readonly CudaDeviceVariable<float> _squares;

    /// <param name="device">The device.</param>
    /// <param name="weight">The norm's weight, [columns] bf16.</param>
    /// <param name="rows">Rows of the stream.</param>
    public PreparedNorm(DeviceFixture device, ushort[] weight, int rows)
    {
        _device = device;
        _weight = device.Upload<ushort>(weight);
        _operand = device.Poisoned<ushort>(rows * weight.Length);
        _squares = device.Poisoned<float>(rows * weight.Length / GemmCase.NormGroup);
    }

    /// <summary>What the kernel is given.</summary>
    public NextNorm Next => new(_weight.Pointer, _operand.Pointer, _squares.Pointer);

    /// <summary>Operand and squares, as the kernel left them.</summary>
    public byte[][] Download() =>
        [MemoryMarshal.AsBytes<ushort>(_device.Download(_operand)).ToArray(), MemoryMarshal.AsBytes<float>(_device.Download(_squares)).ToArray()];

    /// <summary>
    /// Fails unless the operand is the stream times the weight, rounded, bit for bit; the squares are sums over eight columns; and all beyond is poison.
    /// </summary>
    /// <param name="stream">The stream as the device has it, [rows, columns].</param>
    /// <param name="weight">[columns]</param>
    /// <param name="operand">From <see cref="Download"/>.</param>
    /// <param name="squares">From <see cref="Download"/>.</param>
    public static void RequireRight(ReadOnlySpan<float> stream, ushort[] weight, byte[] operand, byte[] squares)
    {
        ReadOnlySpan<ushort> products = MemoryMarshal.Cast<byte, ushort>(operand);
        ReadOnlySpan<float> sums = MemoryMarshal.Cast<byte, float>(squares);
        int wrong = 0;
        for (int i = 0; i < stream.Length; i++)
        {
            if (products[i] != Rounding.ToBf16(stream[i] * Rounding.FromBf16(weight[i % weight.Length]))) wrong++;
        }
        int groups = stream.Length / GemmCase.NormGroup;
        for (int group = 0; group < groups; group++)
        {
            double sum = 0;
            foreach (float x in stream.Slice(group * GemmCase.NormGroup, GemmCase.NormGroup)) sum += (double)x * x;
            if (!(Math.Abs(sums[group] - sum) <= sum * 8 * Math.ScaleB(1, -24))) wrong++;
        }
        Assert.Equal(0, wrong);
        Assert.All(operand[(stream.Length * sizeof(ushort))..], octet => Assert.Equal(0xFF, octet));
        Assert.All(squares[(groups * sizeof(float))..], octet => Assert.Equal(0xFF, octet));
    }

    public void Dispose()
    {
        _weight.Dispose();
        _operand.Dispose();
        _squares.Dispose();
    }
}
