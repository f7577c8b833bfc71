using CudaSearch.Cache;

namespace CudaSearch.Tests.Cache;

/// <summary>
/// The cache beside its naive model: every table is a plain list of tokens, the tree a dictionary of token lists, and the tensors one array that
/// simulated writes fill and simulated copies copy. What a page holds depends on everything before it, as keys and values do.
/// </summary>
internal sealed class CacheModel : IDisposable
{
    private readonly PagePool _pool;
    private readonly bool _fifo;
    private readonly PrefixTree _tree;
    private readonly ulong[] _tensor;
    private readonly List<(PageTable Table, List<int> Tokens)> _sequences = [];

    // Cached prefixes (as text) with their pages and when they were last used.
    private readonly Dictionary<string, (int Page, int Used, int Depth)> _cached = [];
    private int _clock;

    public CacheModel(int pages, int buckets, int pageSize = PagePool.PageSize, Eviction eviction = Eviction.Lru)
    {
        _pool = new PagePool(pages, pageSize);
        _tree = new PrefixTree(_pool, eviction, buckets);
        _fifo = eviction == Eviction.Fifo;
        _tensor = new ulong[pages * Page];
    }

    private int Page => _pool.TokensPerPage;

    /// <summary>Performs one operation on both sides and compares everything.</summary>
    public void Perform(int kind, int pick, int amount)
    {
        int target = _sequences.Count == 0 ? -1 : pick % _sequences.Count;
        switch (kind)
        {
            case 0: Create(pick, amount); break;
            case 1 when target >= 0: Fork(target); break;
            case 2 or 3 when target >= 0: Append(target, amount, pick); break;
            case 4 when target >= 0: Truncate(target, amount); break;
            case 5 when target >= 0: Insert(target); break;
            case 6 when target >= 0: Drop(target); break;
            case 7: Evict(amount % 6); break;
            case 8 when amount == 0: ClearTree(); break;
        }
        Verify();
    }

    /// <summary>Releases everything; no page may be left.</summary>
    public void Dispose()
    {
        while (_sequences.Count > 0) Drop(0);
        Verify();
        ClearTree();
        Verify();
        Assert.Equal(_pool.PageCount, _pool.FreeCount);
    }

    private void Create(int seed, int length)
    {
        // Few distinct prompts that share beginnings, so that the tree has something to find.
        List<int> tokens = [.. Enumerable.Range(0, length).Select(i => i < 20 + seed % 3 * 15 ? i / 8 : seed % 5)];
        PageTable table = new(_pool);
        int matched = _tree.Match(tokens.ToArray(), table);

        _clock++;
        int expected = 0;
        while (expected + Page < length && _cached.ContainsKey(Key(tokens, expected + Page))) expected += Page;
        Use(tokens, expected);
        Assert.Equal(expected, matched);
        Assert.Equal(expected, table.Length);

        _sequences.Add((table, tokens[..matched]));
        AppendTokens(_sequences.Count - 1, tokens[matched..]);
    }

    private void Fork(int target)
    {
        (PageTable table, List<int> tokens) = _sequences[target];
        int used = _pool.UsedCount;
        _sequences.Add((table.Fork(), [.. tokens]));
        Assert.Equal(used, _pool.UsedCount);
    }

    private void Append(int target, int count, int seed) => AppendTokens(target, [.. Enumerable.Range(0, count).Select(i => seed % 2)]);

    private void AppendTokens(int target, List<int> added)
    {
        (PageTable table, List<int> tokens) = _sequences[target];
        int needed = (tokens.Count + added.Count + Page - 1) / Page - (tokens.Count + Page - 1) / Page;
        bool copies = added.Count > 0 && tokens.Count % Page != 0 && References(table.Pages[^1]) > 1;
        if (copies) needed++;
        Assert.Equal(needed, table.PagesToAppend(added.Count));

        int free = _pool.FreeCount;
        bool done = table.TryAppend(added.Count, out PageCopy? copy);
        Assert.Equal(needed <= free, done);
        Assert.Equal(done ? free - needed : free, _pool.FreeCount);
        Assert.Equal(done && copies, copy.HasValue);
        if (copy is { } c) _tensor.AsSpan(c.Source * Page, Page).CopyTo(_tensor.AsSpan(c.Destination * Page, Page));
        if (!done) return;

        int start = tokens.Count;
        tokens.AddRange(added);
        ulong[] values = Values(tokens);
        for (int i = start; i < tokens.Count; i++) _tensor[table.SlotOf(i)] = values[i];
    }

    private void Truncate(int target, int amount)
    {
        (PageTable table, List<int> tokens) = _sequences[target];
        int length = amount % (tokens.Count + 1);
        table.Truncate(length);
        tokens.RemoveRange(length, tokens.Count - length);
    }

    private void Insert(int target)
    {
        (PageTable table, List<int> tokens) = _sequences[target];
        _tree.Insert(tokens.ToArray(), table);
        _clock++;
        for (int end = Page; end <= tokens.Count; end += Page)
            _cached.TryAdd(Key(tokens, end), (table.Pages[end / Page - 1], _clock, end / Page - 1));
        Use(tokens, tokens.Count / Page * Page);
    }

    private void Drop(int target)
    {
        _sequences[target].Table.Dispose();
        _sequences.RemoveAt(target);
    }

    private void Evict(int wanted)
    {
        int expected = 0;
        while (expected < wanted)
        {
            List<string> leaves = [.. _cached.Keys.Where(k => References(_cached[k].Page) == 1
                && !_cached.Keys.Any(other => other.Length > k.Length && other.StartsWith(k, StringComparison.Ordinal)))];
            if (leaves.Count == 0) break;
            // Of nodes used at the same time the deeper one goes first. Of those cached at the same time only one is a leaf.
            _cached.Remove(leaves.MinBy(k => (_cached[k].Used, -_cached[k].Depth))!);
            expected++;
        }
        int free = _pool.FreeCount;
        Assert.Equal(expected, _tree.Evict(wanted));
        Assert.Equal(free + expected, _pool.FreeCount);
    }

    private void ClearTree()
    {
        _tree.Clear();
        _cached.Clear();
    }

    private void Verify()
    {
        _pool.CheckIntegrity(_sequences.Select(s => s.Table), _tree);
        foreach ((PageTable table, List<int> tokens) in _sequences)
        {
            Assert.Equal(tokens.Count, table.Length);
            ulong[] values = Values(tokens);
            for (int i = 0; i < values.Length; i++) Assert.Equal(values[i], _tensor[table.SlotOf(i)]);
        }
        Assert.Equal(_cached.Count, _tree.CachedPages);
        Assert.Equal(
            _cached.Values.Select(c => (c.Page, c.Depth)).Order(),
            _tree.PagesOldestFirst().Order());
    }

    private int References(int page) =>
        _sequences.Count(s => s.Table.Pages.Contains(page)) + _cached.Values.Count(c => c.Page == page);

    private void Use(List<int> tokens, int end)
    {
        if (_fifo) return;
        for (; end > 0; end -= Page) _cached[Key(tokens, end)] = _cached[Key(tokens, end)] with { Used = _clock };
    }

    private static string Key(List<int> tokens, int end) => string.Concat(tokens.Take(end).Select(t => (char)('a' + t)));

    // Stands for the key and value of each token: a function of it and of all before it.
    private static ulong[] Values(List<int> tokens)
    {
        ulong[] values = new ulong[tokens.Count];
        ulong state = 1;
        for (int i = 0; i < values.Length; i++) values[i] = state = (state ^ (ulong)(tokens[i] + 1)) * 0x9E3779B97F4A7C15 + (state >> 29);
        return values;
    }
}
