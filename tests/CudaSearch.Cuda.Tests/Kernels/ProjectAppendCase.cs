using System.Runtime.InteropServices;
using CudaSearch.Cache;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>A projection with rotation and append: its operands, and what queries and pages are in double precision.</summary>
internal sealed class ProjectAppendCase
{
    /// <summary>Positions that the table of angles has.</summary>
    public const int Positions = 40;

    /// <summary>A random case; rows at scattered positions, their slots scattered over the pages.</summary>
    public ProjectAppendCase(int rows, int heads, int kvHeads, int headSize, int k, bool withBias)
    {
        (Rows, Heads, KvHeads, HeadSize, WithBias) = (rows, heads, kvHeads, headSize, withBias);
        Product = new GemmCase(rows, (heads + 2 * kvHeads) * headSize, k);
        Pages = rows / PagePool.PageSize + 2;
        RowPositions = [.. Enumerable.Range(0, rows).Select(row => (row * 7 + 39) % Positions)];
        // Seven has no divisor in common with the number of slots.
        int slots = Pages * PagePool.PageSize;
        if (Pages % 7 == 0) throw new ArgumentException("choose another number of rows", nameof(rows));
        Slots = [.. Enumerable.Range(0, rows).Select(row => (row * 7 + slots - 1) % slots)];
        var random = new Random(rows + heads);
        double[] angles = [.. Enumerable.Range(0, Positions * headSize / 2).Select(_ => random.NextDouble() * 7)];
        Angles = [.. angles.SelectMany(angle => (float[])[(float)Math.Cos(angle), (float)Math.Sin(angle)])];
    }

    private ProjectAppendCase(ProjectAppendCase other, GemmCase product)
    {
        (Rows, Heads, KvHeads, HeadSize, WithBias, Pages, Angles) =
            (other.Rows, other.Heads, other.KvHeads, other.HeadSize, other.WithBias, other.Pages, other.Angles);
        (Product, RowPositions, Slots) = (product, other.RowPositions, other.Slots);
    }

    private ProjectAppendCase(ProjectAppendCase other, int row)
    {
        (Rows, Heads, KvHeads, HeadSize, WithBias, Pages, Angles) =
            (1, other.Heads, other.KvHeads, other.HeadSize, other.WithBias, other.Pages, other.Angles);
        (Product, RowPositions, Slots) = (other.Product.OneRow(row), [other.RowPositions[row]], [other.Slots[row]]);
    }

    public int Rows { get; }

    public int Heads { get; }

    public int KvHeads { get; }

    public int HeadSize { get; }

    public bool WithBias { get; }

    /// <summary>The product: queries, keys and values are its columns, the pairs of queries and keys that turn together neighbours.</summary>
    public GemmCase Product { get; }

    public int Pages { get; }

    public int[] RowPositions { get; }

    public int[] Slots { get; }

    /// <summary>[Positions, HeadSize / 2] cos and sin.</summary>
    public float[] Angles { get; }

    /// <summary>bf16 elements of a row of queries.</summary>
    public int QueryColumns => Heads * HeadSize;

    /// <summary>bf16 elements of all pages.</summary>
    public int CacheElements => Pages * KvHeads * 2 * PagePool.PageSize * HeadSize;

    /// <summary>The same rows times other weights.</summary>
    public ProjectAppendCase With(GemmCase product) => new(this, product);

    /// <summary>The same for one row alone, in its slot among the same pages.</summary>
    public ProjectAppendCase OneRow(int row) => new(this, row);

    /// <summary>Where in the pages a row's head begins.</summary>
    public int SlotOf(int row, int kvHead, bool isValue)
    {
        (int page, int offset) = int.DivRem(Slots[row], PagePool.PageSize);
        return (((page * KvHeads + kvHead) * 2 + (isValue ? 1 : 0)) * PagePool.PageSize + offset) * HeadSize;
    }

    /// <summary>Fails unless queries and pages are right, and everything that is no row's is poison.</summary>
    public void RequireRight(byte[] queryBytes, byte[] cacheBytes)
    {
        ReadOnlySpan<ushort> queries = MemoryMarshal.Cast<byte, ushort>(queryBytes), cache = MemoryMarshal.Cast<byte, ushort>(cacheBytes);
        var written = new bool[cache.Length];
        int wrong = 0, disturbed = 0;
        for (int row = 0; row < Rows; row++)
        {
            for (int head = 0; head < Heads; head++) wrong += CountWrong(row, head, queries.Slice(row * QueryColumns + head * HeadSize, HeadSize));
            for (int head = 0; head < 2 * KvHeads; head++)
            {
                int slot = SlotOf(row, head % KvHeads, isValue: head >= KvHeads);
                wrong += CountWrong(row, Heads + head, cache.Slice(slot, HeadSize));
                written.AsSpan(slot, HeadSize).Fill(true);
            }
        }
        for (int i = 0; i < cache.Length; i++)
        {
            if (!written[i] && cache[i] != 0xFFFF) disturbed++;
        }
        Assert.Equal((0, 0), (wrong, disturbed));
        Assert.All(queries[(Rows * QueryColumns)..].ToArray(), spare => Assert.Equal(0xFFFF, spare));
    }

    private int CountWrong(int row, int head, ReadOnlySpan<ushort> output)
    {
        int wrong = 0;
        bool rotates = head < Heads + KvHeads;
        for (int i = 0; i < HeadSize; i += 2)
        {
            (double a, double aError) = Projected(row, head * HeadSize + i);
            (double b, double bError) = Projected(row, head * HeadSize + i + 1);
            int at = (RowPositions[row] * HeadSize / 2 + i / 2) * 2;
            double cos = rotates ? Angles[at] : 1, sin = rotates ? Angles[at + 1] : 0;
            // Two products and a sum, each rounded, of numbers no larger than |a| + |b|.
            double error = aError + bError + (Math.Abs(a) + Math.Abs(b)) * Math.ScaleB(1, -22);
            if (!IsNear(output[i], a * cos - b * sin, error) || !IsNear(output[i + 1], b * cos + a * sin, error)) wrong++;
        }
        return wrong;

        static bool IsNear(ushort actual, double expected, double error) =>
            Math.Abs(Rounding.FromBf16(actual) - expected) <= error + (Math.Abs(expected) + error) * Math.ScaleB(1, -8);
    }

    private (double Value, double Error) Projected(int row, int column)
    {
        (double value, double error) = Product.NormedDot(row, Product.Weight, column);
        if (!WithBias) return (value, error);
        value += Rounding.FromBf16(Product.Bias[column]);
        return (value, error + Math.Abs(value) * Math.ScaleB(1, -23));
    }
}
