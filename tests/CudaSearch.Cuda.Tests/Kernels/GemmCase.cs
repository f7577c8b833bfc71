using System.Runtime.InteropServices;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>Operands of a matrix product, and what it is in double precision.</summary>
internal sealed class GemmCase
{
    /// <summary>Random operands: input rows in (−1, 1), weights in (−0.5, 0.5).</summary>
    /// <param name="m">Rows.</param>
    /// <param name="n">Output columns.</param>
    /// <param name="k">Input columns.</param>
    public GemmCase(int m, int n, int k)
    {
        (M, N, K) = (m, n, k);
        var random = new Random(m * 31 + n * 7 + k);
        Input = Rounding.Random(random, m * k);
        Weight = Rounding.Random(random, n * k, 0.5f);
        SecondWeight = Rounding.Random(random, n * k, 0.5f);
        (StoredWeight, StoredSecondWeight) = (Weight, SecondWeight);
        Bias = Rounding.Random(random, n, 4f);
        Squares = [.. Enumerable.Range(0, m * k / NormGroup).Select(_ => 8 * random.NextSingle())];
    }

    /// <summary>Columns of a row whose squares are summed together.</summary>
    public const int NormGroup = 8;

    /// <summary>Added to the mean of the squares; large enough to show.</summary>
    public const float Epsilon = 0.5f;

    /// <summary>Rows.</summary>
    public int M { get; private init; }

    /// <summary>Output columns.</summary>
    public int N { get; }

    /// <summary>Input columns.</summary>
    public int K { get; }

    /// <summary>[M, K] bf16.</summary>
    public ushort[] Input { get; private init; }

    /// <summary>[N, K] bf16.</summary>
    public ushort[] Weight { get; private init; }

    /// <summary>[N, K] bf16: the up projection of a gated product.</summary>
    public ushort[] SecondWeight { get; private init; }

    /// <summary>The weights as the kernel is given them: bf16, or in e4m3 as kernels/common/e4m3.cuh says.</summary>
    public ushort[] StoredWeight { get; private init; }

    /// <summary>The second weight, likewise.</summary>
    public ushort[] StoredSecondWeight { get; private init; }

    /// <summary>[N] bf16.</summary>
    public ushort[] Bias { get; private init; }

    /// <summary>[M, K / 8] float32: sums of squares of a normed input. They are no function of the input, so that neither hides behind the other.</summary>
    public float[] Squares { get; private init; }

    /// <summary>How many columns the mean of the squares is over.</summary>
    public int NormColumns => K - 3;

    private GemmCase(GemmCase other)
    {
        (M, N, K) = (other.M, other.N, other.K);
        (Input, Weight, SecondWeight, Bias, Squares) = (other.Input, other.Weight, other.SecondWeight, other.Bias, other.Squares);
        (StoredWeight, StoredSecondWeight) = (other.StoredWeight, other.StoredSecondWeight);
    }

    /// <summary>
    /// The same input with weights of random codes of e4m3, whose rows' scales are powers of two: exact in bf16, so that products of the numbers in bf16 are
    /// those of the codes, bit for bit.
    /// </summary>
    public GemmCase InE4M3()
    {
        var random = new Random(N + K);
        (ushort[] weight, ushort[] stored) = E4M3Matrix.Random(random, N, K);
        (ushort[] second, ushort[] storedSecond) = E4M3Matrix.Random(random, N, K);
        return new(this) { Weight = weight, SecondWeight = second, StoredWeight = stored, StoredSecondWeight = storedSecond };
    }

    /// <summary>The same with the numbers of the weights in bf16.</summary>
    public GemmCase InBf16() => new(this) { StoredWeight = Weight, StoredSecondWeight = SecondWeight };

    /// <summary>The same product of one row alone.</summary>
    public GemmCase OneRow(int row) => new(this)
    {
        M = 1,
        Input = Input[(row * K)..((row + 1) * K)],
        Squares = Squares[(row * K / NormGroup)..((row + 1) * K / NormGroup)],
    };

    /// <summary>The exact dot product of a row with a weight row, and how far a float32 chain may be from it.</summary>
    /// <remarks>
    /// Products of two bf16 are exact in float32. Each of the K additions may lose a unit of the last place (tensor cores truncate) of a
    /// partial sum, which is at most the sum of the products' magnitudes.
    /// </remarks>
    public (double Value, double Error) Dot(int row, ushort[] weight, int column)
    {
        ReadOnlySpan<ushort> a = Input.AsSpan(row * K, K), b = weight.AsSpan(column * K, K);
        double value = 0, magnitude = 0;
        for (int i = 0; i < K; i++)
        {
            double product = (double)Rounding.FromBf16(a[i]) * Rounding.FromBf16(b[i]);
            value += product;
            magnitude += Math.Abs(product);
        }
        return (value, magnitude * K * Math.ScaleB(1, -23));
    }

    /// <summary>The same of a normed row: times 1 / rms.</summary>
    /// <remarks>The sum of positive squares loses less than a unit of 2^-24 an addition; division, root and product a few more.</remarks>
    public (double Value, double Error) NormedDot(int row, ushort[] weight, int column)
    {
        (double value, double error) = Dot(row, weight, column);
        ReadOnlySpan<float> squares = Squares.AsSpan(row * K / NormGroup, K / NormGroup);
        double sum = 0;
        foreach (float square in squares) sum += square;
        double scale = 1 / Math.Sqrt(sum / NormColumns + Epsilon);
        return (value * scale, scale * (error + (Math.Abs(value) + error) * (squares.Length + 8) * Math.ScaleB(1, -24)));
    }

    /// <summary>Fails unless every output is within its tolerance and every row beyond the product's is still poison.</summary>
    /// <param name="output">[rows, N] from the device, bf16 or float32.</param>
    /// <param name="isBf16">Which.</param>
    /// <param name="expected">Value and tolerance, before rounding to the output's type, by row and column.</param>
    public void RequireRight(byte[] output, bool isBf16, Func<int, int, (double Value, double Error)> expected)
    {
        float[] values = isBf16
            ? Array.ConvertAll(MemoryMarshal.Cast<byte, ushort>(output).ToArray(), Rounding.FromBf16)
            : MemoryMarshal.Cast<byte, float>(output).ToArray();
        // Half a unit in the last place of the output's type.
        double rounding = Math.ScaleB(1, isBf16 ? -8 : -24);
        int wrong = 0, first = -1;
        for (int i = 0; i < M * N; i++)
        {
            (double value, double error) = expected(i / N, i % N);
            double tolerance = error + (Math.Abs(value) + error) * rounding;
            if (Math.Abs(values[i] - value) <= tolerance) continue;
            if (wrong++ == 0) first = i;
        }
        Assert.True(wrong == 0, $"{wrong} of {M * N} elements are wrong, first row {first / N}, column {first % N}");
        Assert.All(output[(M * N * (isBf16 ? 2 : 4))..], octet => Assert.Equal(0xFF, octet));
    }
}
