using CudaSearch.Cache;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>Attention in double precision, straight from its definition.</summary>
internal static class AttendReference
{
    // A weight is rounded to bf16, by 2^-8 of it at most; so are then their sum, which normalizes, and the output. That makes at most three
    // times 2^-8 of the mean magnitude of the values, and a little for float32 scores and exponentials.
    private const double Tolerance = 3.1 / 256;

    /// <summary>Fails unless these rows of an output are right; NaN is wrong.</summary>
    /// <param name="scene">Queries and cache.</param>
    /// <param name="spans">The rows to check.</param>
    /// <param name="output">[rows, heads * headDim] bf16</param>
    /// <param name="tolerance">Of the mean magnitude of the values.</param>
    public static void RequireRight(AttendScene scene, IEnumerable<QuerySpan> spans, ReadOnlySpan<ushort> output, double tolerance = Tolerance)
    {
        int wrong = 0, checkedRows = 0;
        string first = "";
        foreach (QuerySpan span in spans)
        {
            for (int i = 0; i < span.RowCount; i++, checkedRows++)
            {
                for (int head = 0; head < scene.Heads; head++)
                {
                    int bad = CountWrong(scene, span.Table, span.FirstRow + i, span.FirstPosition + i, head, output, tolerance);
                    if (bad > 0 && wrong == 0)
                        first = $"row {span.FirstRow + i} at position {span.FirstPosition + i}, head {head}: {bad} elements";
                    wrong += bad;
                }
            }
        }
        Assert.True(checkedRows > 0);
        Assert.True(wrong == 0, $"{wrong} elements are wrong, first in {first}");
    }

    private static int CountWrong(
        AttendScene scene, PageTable table, int row, int position, int head, ReadOnlySpan<ushort> output, double tolerance)
    {
        int kvHead = head / (scene.Heads / scene.KvHeads), dim = scene.HeadDim, at = (row * scene.Heads + head) * dim;
        ReadOnlySpan<ushort> query = scene.Queries.AsSpan(at, dim);
        var scores = new double[position + 1];
        for (int key = 0; key <= position; key++)
        {
            ReadOnlySpan<ushort> k = scene.Cache.AsSpan(scene.KeyAt(table, key, kvHead), dim);
            for (int d = 0; d < dim; d++) scores[key] += (double)Rounding.FromBf16(query[d]) * Rounding.FromBf16(k[d]);
            scores[key] /= Math.Sqrt(dim);
        }

        double max = scores.Max(), sum = scores.Sum(s => Math.Exp(s - max));
        var expected = new double[dim];
        var magnitude = new double[dim];
        for (int key = 0; key <= position; key++)
        {
            ReadOnlySpan<ushort> v = scene.Cache.AsSpan(scene.ValueAt(table, key, kvHead), dim);
            double weight = Math.Exp(scores[key] - max) / sum;
            for (int d = 0; d < dim; d++)
            {
                expected[d] += weight * Rounding.FromBf16(v[d]);
                magnitude[d] += weight * Math.Abs(Rounding.FromBf16(v[d]));
            }
        }

        int wrong = 0;
        for (int d = 0; d < dim; d++)
        {
            if (!(Math.Abs(Rounding.FromBf16(output[at + d]) - expected[d]) <= magnitude[d] * tolerance + 1e-6)) wrong++;
        }
        return wrong;
    }
}
