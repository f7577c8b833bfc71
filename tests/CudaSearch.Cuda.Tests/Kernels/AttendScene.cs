using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cache;
using CudaSearch.Tests.Backends;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>
/// Sequences over one layer of a paged cache, for tests of attention. Pages are given out in a random order; slots that no sequence holds
/// are NaN; keys, values and queries are random bf16 numbers.
/// </summary>
internal sealed class AttendScene
{
    private static readonly float[] s_scales = [3e7f, 1.7f, -3e7f, 0.9f, 0.4f, 2e7f, 1.3f, -2e7f, -3e7f, 0.9f, 3e7f, 1.7f, 0.4f];

    private readonly Random _random;
    private readonly PagePool _pool;
    private readonly List<PageTable> _tables = [];
    private readonly List<QuerySpan> _spans = [];

    /// <param name="heads">Query heads.</param>
    /// <param name="kvHeads">Key/value heads.</param>
    /// <param name="headDim">64 or 128.</param>
    /// <param name="pages">Pages of the cache.</param>
    /// <param name="seed">Of pages and numbers.</param>
    public AttendScene(int heads, int kvHeads, int headDim, int pages = 128, int seed = 1)
    {
        (Heads, KvHeads, HeadDim, _random) = (heads, kvHeads, headDim, new Random(seed));
        _pool = new PagePool(pages);
        int[] order = [.. Enumerable.Range(0, pages)];
        for (int i = 0; i < pages; i++) Assert.True(_pool.TryAllocate(out int _));
        _random.Shuffle(order);
        foreach (int page in order) _pool.Release(page);
    }

    public int Heads { get; }

    public int KvHeads { get; }

    public int HeadDim { get; }

    public int Rows { get; private set; }

    public IReadOnlyList<QuerySpan> Spans => _spans;

    public float ScaleLog2 => AttentionHead.ScaleLog2(HeadDim);

    /// <summary>[rows, heads * headDim], once <see cref="Fill"/> was called; the cache likewise.</summary>
    public ushort[] Queries { get; private set; } = [];

    /// <summary>[page][kv head][keys, values][16][headDim]</summary>
    public ushort[] Cache { get; private set; } = [];

    /// <summary>The same in e4m3, once <see cref="FillInE4M3"/> was called: by page and kv head keys, values [16][headDim], then their scales [16].</summary>
    public byte[] CacheInE4M3 { get; private set; } = [];

    /// <summary>Which of the two kernels are given.</summary>
    public KvPrecision Kv { get; set; }

    /// <summary>A sequence of this length, that goes on from another's pages where one is given.</summary>
    public PageTable Sequence(int length, PageTable? prefix = null)
    {
        PageTable table = prefix?.Fork() ?? new PageTable(_pool);
        Assert.True(table.TryAppend(length - table.Length, out _));
        _tables.Add(table);
        return table;
    }

    /// <summary>Rows for the last tokens of a sequence, or for tokens that end earlier.</summary>
    public QuerySpan Ask(PageTable table, int rows, int? end = null)
    {
        var span = new QuerySpan(Rows, rows, (end ?? table.Length) - rows, table);
        _spans.Add(span);
        Rows += rows;
        return span;
    }

    /// <summary>Draws all numbers. Queries are large enough for some keys to outweigh the others by far.</summary>
    public void Fill()
    {
        Queries = Rounding.Random(_random, Rows * Heads * HeadDim, scale: 2f);
        Cache = new ushort[_pool.PageCount * PageElements];
        Array.Fill(Cache, (ushort)0xFFFF);
        var written = new HashSet<int>();
        foreach (PageTable table in _tables)
        {
            for (int position = 0; position < table.Length; position++)
            {
                if (!written.Add(table.SlotOf(position))) continue;
                for (int head = 0; head < KvHeads; head++)
                {
                    Rounding.Random(_random, HeadDim).CopyTo(Cache, KeyAt(table, position, head));
                    Rounding.Random(_random, HeadDim).CopyTo(Cache, ValueAt(table, position, head));
                }
            }
        }
    }

    /// <summary>
    /// Draws keys and values in e4m3 with scales that are bf16 numbers, and their products, rounded to bf16, for the other cache; slots that no
    /// sequence holds are no numbers in both, nor are their scales.
    /// </summary>
    public void FillInE4M3()
    {
        Fill();
        int headBytes = 2 * PagePool.PageSize * (HeadDim + sizeof(float));
        CacheInE4M3 = new byte[_pool.PageCount * KvHeads * headBytes];
        Array.Fill(CacheInE4M3, (byte)0xFF);
        // Of a page's heads, keys and values: one vector a token.
        for (int vector = 0; vector < Cache.Length / HeadDim; vector++)
        {
            if (Cache[vector * HeadDim] == 0xFFFF) continue;
            float scale = MathF.ScaleB(_random.Next(128, 256) / 128f, -_random.Next(8, 12));
            (int head, int place) = int.DivRem(vector, 2 * PagePool.PageSize);
            BitConverter.TryWriteBytes(CacheInE4M3.AsSpan(head * headBytes + 2 * PagePool.PageSize * HeadDim + place * sizeof(float)), scale);
            for (int d = 0; d < HeadDim; d++)
            {
                byte code = E4M3Matrix.RandomCode(_random);
                Cache[vector * HeadDim + d] = Rounding.ToBf16((float)(E4M3Reference.ValueOf(code) * scale));
                CacheInE4M3[head * headBytes + place * HeadDim + E4M3Matrix.Place(d)] = code;
            }
        }
    }

    /// <summary>
    /// A row over thirteen ranges, eight in a segment and five in the next, whose keys all weigh the same: the merged sum is the plain float32
    /// sum of one value a range, and those are so large and so small, and cancel so well, that any other order gives another sum.
    /// </summary>
    public static AttendScene WhereOrderShows(int headDim)
    {
        var scene = new AttendScene(heads: 1, kvHeads: 1, headDim);
        PageTable table = scene.Sequence(s_scales.Length * AttentionPlan.RangeLength);
        scene.Ask(table, rows: 1);
        scene.Fill();
        scene.Queries.AsSpan().Clear();
        for (int key = 0; key < table.Length; key++)
        {
            Span<ushort> values = scene.Cache.AsSpan(scene.ValueAt(table, key, 0), headDim);
            (int range, int inRange) = int.DivRem(key, AttentionPlan.RangeLength);
            float scale = inRange == 0 ? s_scales[range] : 0f;
            for (int d = 0; d < headDim; d++) values[d] = Rounding.ToBf16(scale * (1 + d / 128f));
        }
        return scene;
    }

    /// <summary>Where the keys of a token lie in <see cref="Cache"/>.</summary>
    public int KeyAt(PageTable table, int position, int kvHead)
    {
        (int page, int offset) = int.DivRem(table.SlotOf(position), PagePool.PageSize);
        return page * PageElements + (kvHead * 2 * PagePool.PageSize + offset) * HeadDim;
    }

    /// <summary>Where the values of a token lie.</summary>
    public int ValueAt(PageTable table, int position, int kvHead) => KeyAt(table, position, kvHead) + PagePool.PageSize * HeadDim;

    private int PageElements => KvHeads * 2 * PagePool.PageSize * HeadDim;
}
