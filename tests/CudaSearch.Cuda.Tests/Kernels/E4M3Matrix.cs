using System.Runtime.InteropServices;
using CudaSearch.Tests.Backends;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>Matrices in e4m3, laid out from <c>kernels/common/e4m3.cuh</c> alone.</summary>
internal static class E4M3Matrix
{
    /// <summary>Where element i of a row lies: in every run of 16 the halves alternate.</summary>
    public static int Place(int i) => i / 16 * 16 + i % 8 * 2 + i % 16 / 8;

    /// <summary>Any code that stands for a number.</summary>
    public static byte RandomCode(Random random)
    {
        int code = random.Next(256);
        return (byte)((code & 0x7F) == 0x7F ? code - 1 : code);
    }

    /// <summary>Random codes, and scales from 2^-12 to 2^-5: the numbers in bf16, exactly; and as kernels take it, codes and then scales.</summary>
    public static (ushort[] Numbers, ushort[] Stored) Random(Random random, int rows, int columns)
    {
        var numbers = new ushort[rows * columns];
        var stored = new byte[rows * (columns + sizeof(float))];
        Span<float> scales = MemoryMarshal.Cast<byte, float>(stored.AsSpan(rows * columns));
        for (int row = 0; row < rows; row++)
        {
            scales[row] = MathF.ScaleB(1, -random.Next(5, 13));
            for (int i = 0; i < columns; i++)
            {
                byte code = RandomCode(random);
                stored[row * columns + Place(i)] = code;
                numbers[row * columns + i] = Rounding.ToBf16((float)(E4M3Reference.ValueOf(code) * scales[row]));
            }
        }
        return (numbers, MemoryMarshal.Cast<byte, ushort>(stored).ToArray());
    }
}
