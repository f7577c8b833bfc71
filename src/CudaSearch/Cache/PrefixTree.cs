using System.Numerics;

namespace CudaSearch.Cache;

/// <summary>
/// Keeps finished full pages findable by (parent node, their token ids) until their memory is needed, so that a new sequence starts from
/// the longest prefix any earlier one has computed. A node holds one reference to its page. Its memory grows to the largest number of
/// cached pages and is kept. Not thread-safe: the engine's loop is the only caller.
/// </summary>
public sealed class PrefixTree
{
    private const int None = -1;

    private readonly PagePool _pool;
    private readonly Eviction _eviction;
    private readonly int _pageSize;

    // Heads of the chains of nodes with the same hash; a power of two of them.
    private readonly int[] _buckets;

    private Node[] _nodes = [];

    // The ids of node n start at page size · n.
    private int[] _tokens = [];
    private int[] _matched = [];
    private int _nodeCount;
    private int _freeNode = None;

    // All nodes, first to go first. With LRU a node is always newer than its children, so one walk meets leaves before their parents.
    private int _oldest = None;
    private int _newest = None;

    /// <summary>Creates an empty tree.</summary>
    /// <param name="pool">Whose pages it keeps.</param>
    /// <param name="eviction">Which pages go first.</param>
    public PrefixTree(PagePool pool, Eviction eviction = Eviction.Lru)
        : this(pool, eviction, (int)BitOperations.RoundUpToPowerOf2((uint)(pool ?? throw new ArgumentNullException(nameof(pool))).PageCount))
    {
    }

    /// <summary>As the public constructor, with a number of hash buckets (a power of two): one bucket makes every lookup a collision.</summary>
    internal PrefixTree(PagePool pool, Eviction eviction, int bucketCount)
    {
        _pool = pool;
        _eviction = eviction;
        _pageSize = pool.TokensPerPage;
        _buckets = new int[bucketCount];
        Array.Fill(_buckets, None);
    }

    /// <summary>Pages kept, whether or not a table refers to them as well.</summary>
    public int CachedPages { get; private set; }

    /// <summary>
    /// Gives an empty table its longest cached prefix: full pages only, and never all tokens, since at least one has to be computed.
    /// </summary>
    /// <param name="tokens">The token ids of the sequence, [n].</param>
    /// <param name="table">An empty table of the same pool.</param>
    /// <returns>Tokens matched, a multiple of the page size below n; the table's length.</returns>
    /// <exception cref="InvalidOperationException">The table is not empty or is of another pool.</exception>
    public int Match(ReadOnlySpan<int> tokens, PageTable table)
    {
        ThrowUnlessOwn(table);
        int limit = Math.Max(0, tokens.Length - 1) / _pageSize;
        if (_matched.Length < limit) Array.Resize(ref _matched, (int)BitOperations.RoundUpToPowerOf2((uint)limit));

        int last = None;
        int count = 0;
        for (; count < limit; count++)
        {
            int node = Find(last, PageOf(tokens, count));
            if (node == None) break;
            _matched[count] = _nodes[node].Page;
            last = node;
        }
        table.AdoptPrefix(_matched.AsSpan(0, count));
        Touch(last);
        return table.Length;
    }

    /// <summary>
    /// Keeps the full pages of a table, whose contents must be computed. Where the tree has a page for the same tokens already, that page stays.
    /// </summary>
    /// <param name="tokens">The token ids of the table's positions, from 0; only pages filled in both are kept.</param>
    /// <param name="table">A table of the same pool.</param>
    /// <exception cref="InvalidOperationException">The table is of another pool.</exception>
    public void Insert(ReadOnlySpan<int> tokens, PageTable table)
    {
        ThrowUnlessOwn(table);
        if (_eviction == Eviction.None) return;
        int pages = Math.Min(tokens.Length, table.Length) / _pageSize;
        int last = None;
        for (int i = 0; i < pages; i++)
        {
            ReadOnlySpan<int> ids = PageOf(tokens, i);
            int node = Find(last, ids);
            last = node != None ? node : Add(last, ids, table.Pages[i]);
        }
        Touch(last);
    }

    /// <summary>Frees pages that only the tree refers to, leaves first.</summary>
    /// <param name="pages">How many pages are wanted.</param>
    /// <returns>How many were freed; fewer than wanted where no more can be.</returns>
    public int Evict(int pages)
    {
        if (_eviction != Eviction.Fifo) return EvictLeaves(pages);
        // Parents stand before their children here: with its last child gone one is the next to go.
        int freed = 0;
        while (freed < pages && EvictLeaves(1) == 1) freed++;
        return freed;
    }

    private int EvictLeaves(int pages)
    {
        int freed = 0;
        for (int node = _oldest; node != None && freed < pages;)
        {
            int newer = _nodes[node].Newer;
            if (_nodes[node].Children == 0 && _pool.ReferenceCount(_nodes[node].Page) == 1)
            {
                Remove(node);
                freed++;
            }
            node = newer;
        }
        return freed;
    }

    /// <summary>Forgets everything and gives back every reference.</summary>
    public void Clear()
    {
        while (_oldest != None) Remove(_oldest);
    }

    /// <summary>Whether the tree keeps pages of this pool.</summary>
    internal bool IsOf(PagePool pool) => ReferenceEquals(_pool, pool);

    /// <summary>Every kept page with its depth (0 for the first page of a sequence), least recently used first.</summary>
    internal IEnumerable<(int Page, int Depth)> PagesOldestFirst()
    {
        for (int node = _oldest; node != None; node = _nodes[node].Newer)
        {
            int depth = 0;
            for (int parent = _nodes[node].Parent; parent != None; parent = _nodes[parent].Parent) depth++;
            yield return (_nodes[node].Page, depth);
        }
    }

    private ReadOnlySpan<int> PageOf(ReadOnlySpan<int> tokens, int index) =>
        tokens.Slice(index * _pageSize, _pageSize);

    private int BucketOf(int parent, ReadOnlySpan<int> ids)
    {
        uint hash = PageHash.Add(0, parent);
        foreach (int id in ids) hash = PageHash.Add(hash, id);
        return (int)(PageHash.Finish(hash) & (uint)(_buckets.Length - 1));
    }

    private Span<int> IdsOf(int node) => _tokens.AsSpan(node * _pageSize, _pageSize);

    private int Find(int parent, ReadOnlySpan<int> ids)
    {
        int node = _buckets[BucketOf(parent, ids)];
        while (node != None && !(_nodes[node].Parent == parent && ids.SequenceEqual(IdsOf(node)))) node = _nodes[node].Next;
        return node;
    }

    private int Add(int parent, ReadOnlySpan<int> ids, int page)
    {
        _pool.AddReference(page);
        int node = TakeNode();
        ids.CopyTo(IdsOf(node));
        ref int head = ref _buckets[BucketOf(parent, ids)];
        _nodes[node] = new Node { Parent = parent, Page = page, Next = head };
        head = node;
        if (parent != None) _nodes[parent].Children++;
        LinkNewest(node);
        CachedPages++;
        return node;
    }

    private void Remove(int node)
    {
        ref Node removed = ref _nodes[node];
        ref int link = ref _buckets[BucketOf(removed.Parent, IdsOf(node))];
        while (link != node) link = ref _nodes[link].Next;
        link = removed.Next;
        if (removed.Parent != None) _nodes[removed.Parent].Children--;
        Unlink(node);
        _pool.Release(removed.Page);
        removed.Next = _freeNode;
        _freeNode = node;
        CachedPages--;
    }

    private int TakeNode()
    {
        if (_freeNode != None)
        {
            int node = _freeNode;
            _freeNode = _nodes[node].Next;
            return node;
        }
        if (_nodeCount == _nodes.Length)
        {
            int capacity = Math.Max(64, 2 * _nodes.Length);
            Array.Resize(ref _nodes, capacity);
            Array.Resize(ref _tokens, capacity * _pageSize);
        }
        return _nodeCount++;
    }

    // From the leaf up, so that every node ends up newer than its children.
    private void Touch(int leaf)
    {
        if (_eviction == Eviction.Fifo) return;
        for (int node = leaf; node != None; node = _nodes[node].Parent)
        {
            Unlink(node);
            LinkNewest(node);
        }
    }

    private void LinkNewest(int node)
    {
        _nodes[node].Older = _newest;
        _nodes[node].Newer = None;
        if (_newest != None) _nodes[_newest].Newer = node;
        else _oldest = node;
        _newest = node;
    }

    private void Unlink(int node)
    {
        (int older, int newer) = (_nodes[node].Older, _nodes[node].Newer);
        if (older != None) _nodes[older].Newer = newer;
        else _oldest = newer;
        if (newer != None) _nodes[newer].Older = older;
        else _newest = older;
    }

    private void ThrowUnlessOwn(PageTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        if (!IsOf(table.Pool)) throw new InvalidOperationException("the table takes its pages from another pool than the prefix tree");
    }

    private struct Node
    {
        public int Parent;
        public int Page;
        public int Children;
        public int Next;
        public int Older;
        public int Newer;
    }
}
