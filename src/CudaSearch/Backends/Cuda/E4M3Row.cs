using System.Buffers;

namespace CudaSearch.Backends.Cuda;

/// <summary>Rows in e4m3 as the kernels read them (kernels/common/e4m3.cuh).</summary>
internal static class E4M3Row
{
    private const int Run = 16;

    /// <summary>Which element of a row lies at a place of it: in every run of 16 the halves alternate, 0, 8, 1, 9, … 7, 15.</summary>
    public static int Element(int place) => place / Run * Run + place % Run / 2 + place % 2 * (Run / 2);

    /// <summary>Rounds one row of a matrix, padded.</summary>
    /// <param name="matrix">Whose.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="row">Which; -1 for zeros.</param>
    /// <param name="codes">The row in the kernels' order, a multiple of 16.</param>
    /// <returns>The row's scale.</returns>
    public static float Round(in WeightPart matrix, Axis columns, int row, Span<byte> codes)
    {
        codes.Clear();
        if (row < 0) return 0f;
        float[] rented = ArrayPool<float>.Shared.Rent(codes.Length);
        Span<float> elements = rented.AsSpan(0, codes.Length);
        for (int i = 0; i < elements.Length; i++)
        {
            int from = Padding.Source(columns, i);
            elements[i] = from < 0 ? 0f : matrix.Value(row, from, columns.Length);
        }
        float scale = E4M3.ScaleOf(elements);
        for (int i = 0; i < codes.Length; i++) codes[i] = E4M3.Round(elements[Element(i)], scale);
        ArrayPool<float>.Shared.Return(rented);
        return scale;
    }
}
