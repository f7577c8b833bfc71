using CudaSearch.Cache;

namespace CudaSearch.Tests.Cache;

/// <summary>Random page tables grown by forks, appends and truncations, and random queries over them.</summary>
internal sealed class TableForest : IDisposable
{
    private readonly Random _random;
    private readonly PagePool _pool;
    private readonly List<PageTable> _tables = [];

    public TableForest(int seed)
    {
        _random = new Random(seed);
        // Mostly the engine's page size, now and then another.
        _pool = new PagePool(4096, seed % 8 < 5 ? PagePool.PageSize : 8 << (seed % 4));
        for (int i = _random.Next(1, 4); i > 0; i--) _tables.Add(new PageTable(_pool));
        for (int i = _random.Next(40); i > 0; i--) Grow(_tables[_random.Next(_tables.Count)]);
        foreach (PageTable table in _tables.Where(t => t.Length == 0)) Assert.True(table.TryAppend(1, out _));
    }

    /// <summary>One span for most tables: the last few tokens of each, or up to some earlier one, rows in shuffled order.</summary>
    public QuerySpan[] Spans()
    {
        List<QuerySpan> spans = [];
        int row = _random.Next(3);
        foreach (PageTable table in _tables.Where(_ => _random.Next(8) > 0))
        {
            int end = _random.Next(4) == 0 ? _random.Next(1, table.Length + 1) : table.Length;
            int rows = _random.Next(3) switch { 0 => 1, 1 => _random.Next(end + 1), _ => Math.Min(end, _random.Next(4)) };
            spans.Add(new QuerySpan(row, rows, end - rows, table));
            row += rows;
        }
        QuerySpan[] shuffled = [.. spans];
        _random.Shuffle(shuffled);
        return shuffled;
    }

    public void Dispose()
    {
        _pool.CheckIntegrity(_tables);
        foreach (PageTable table in _tables) table.Dispose();
        Assert.Equal(0, _pool.UsedCount);
    }

    private void Grow(PageTable table)
    {
        switch (_random.Next(5))
        {
            case 0: table.Truncate(table.Length - _random.Next(Math.Min(table.Length, 20) + 1)); break;
            // To the end of a page or a range, where sharing begins and ends.
            case 1: Assert.True(table.TryAppend(64 - table.Length % 64, out _)); break;
            case 2: Assert.True(table.TryAppend(_random.Next(100), out _)); break;
            default: _tables.Add(table.Fork()); break;
        }
    }
}
