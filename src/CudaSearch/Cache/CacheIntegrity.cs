namespace CudaSearch.Cache;

/// <summary>The checks behind <see cref="PagePool.CheckIntegrity"/>.</summary>
internal static class CacheIntegrity
{
    private const int Unseen = -1;

    /// <summary>Throws unless pool, tables and tree agree about every page.</summary>
    /// <exception cref="InvalidOperationException">They do not; the message names the page or table.</exception>
    public static void Check(PagePool pool, ReadOnlySpan<int> free, IEnumerable<PageTable> tables, PrefixTree? tree)
    {
        bool[] isFree = CheckFree(pool, free);

        int[] inTables = new int[pool.PageCount];
        int[] place = new int[pool.PageCount];
        Array.Fill(place, Unseen);
        int index = 0;
        foreach (PageTable table in tables) CountTable(pool, table, $"table {index++}", inTables, place);

        int[] inTree = new int[pool.PageCount];
        if (tree is not null) CountTree(pool, tree, inTree, place);

        for (int page = 0; page < pool.PageCount; page++)
        {
            int references = pool.ReferenceCount(page);
            if (references != inTables[page] + inTree[page])
                Fail($"page {page} has {references} references, but {inTables[page]} tables and {inTree[page]} tree nodes name it");
            if (references == 0 && !isFree[page]) Fail($"page {page} has no reference, but is not among the free pages");
        }
    }

    private static bool[] CheckFree(PagePool pool, ReadOnlySpan<int> free)
    {
        bool[] isFree = new bool[pool.PageCount];
        foreach (int page in free)
        {
            if (isFree[page]) Fail($"page {page} is twice among the free pages");
            isFree[page] = true;
            if (pool.ReferenceCount(page) != 0) Fail($"page {page} is free, but has {pool.ReferenceCount(page)} references");
        }
        return isFree;
    }

    private static void CountTable(PagePool pool, PageTable table, string name, int[] counts, int[] place)
    {
        if (!ReferenceEquals(table.Pool, pool)) Fail($"{name} is of another pool");
        int needed = pool.PagesToHold(table.Length);
        if (table.Pages.Length != needed)
            Fail($"{name} holds {table.Length} tokens in {table.Pages.Length} pages; they take {needed}");
        for (int i = 0; i < needed; i++)
        {
            counts[table.Pages[i]]++;
            CheckPlace(place, table.Pages[i], i, name);
        }
    }

    private static void CountTree(PagePool pool, PrefixTree tree, int[] counts, int[] place)
    {
        if (!tree.IsOf(pool)) Fail("the prefix tree is of another pool");
        int nodes = 0;
        foreach ((int page, int depth) in tree.PagesOldestFirst())
        {
            if (counts[page]++ > 0) Fail($"page {page} has two nodes in the prefix tree");
            CheckPlace(place, page, depth, "the prefix tree");
            nodes++;
        }
        if (nodes != tree.CachedPages) Fail($"the prefix tree counts {tree.CachedPages} pages, but keeps {nodes}");
    }

    // A shared page begins at the same position for everybody: what it holds was computed at that position. This also catches a page that
    // one table names twice.
    private static void CheckPlace(int[] place, int page, int index, string name)
    {
        if (place[page] == Unseen) place[page] = index;
        if (place[page] != index) Fail($"page {page} is page number {place[page]} of one holder, but number {index} of {name}");
    }

    private static void Fail(string message) => throw new InvalidOperationException($"cache integrity: {message}");
}
