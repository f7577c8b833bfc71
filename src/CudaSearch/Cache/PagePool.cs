namespace CudaSearch.Cache;

/// <summary>
/// The pages of one key/value cache: which are free, and how many refer to each of the others. Bookkeeping only; the tensors live in a
/// backend. The number of pages is decided once and never grows. Not thread-safe: the engine's loop is the only caller.
/// </summary>
public sealed class PagePool
{
    /// <summary>Tokens a page holds in every cache that a backend computes with.</summary>
    public const int PageSize = 16;

    /// <summary>The largest page: a range of <see cref="AttentionPlan"/> consists of whole pages.</summary>
    public const int MaxPageSize = AttentionPlan.RangeLength;

    // Pages hold powers of two of tokens: a division for every page that a pass asks for would show.
    private readonly int _shift;
    private readonly int[] _references;

    // The first FreeCount entries are the free pages; the last of them is given out next.
    private readonly int[] _free;

    /// <summary>Creates a pool of free pages, numbered from 0.</summary>
    /// <param name="pageCount">Pages in all, at least 1.</param>
    /// <param name="tokensPerPage">A power of two, 1 to <see cref="MaxPageSize"/>; backends take <see cref="PageSize"/> only, other sizes are for what-if replays.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is out of range.</exception>
    public PagePool(int pageCount, int tokensPerPage = PageSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pageCount, 1);
        if (tokensPerPage is < 1 or > MaxPageSize || !int.IsPow2(tokensPerPage))
            throw new ArgumentOutOfRangeException(nameof(tokensPerPage), tokensPerPage, $"a page holds a power of two of tokens, 1 to {MaxPageSize}");
        TokensPerPage = tokensPerPage;
        _shift = int.Log2(tokensPerPage);
        _references = new int[pageCount];
        _free = new int[pageCount];
        for (int i = 0; i < pageCount; i++) _free[i] = pageCount - 1 - i;
        FreeCount = pageCount;
    }

    /// <summary>Pages in all.</summary>
    public int PageCount => _references.Length;

    /// <summary>Pages nobody refers to.</summary>
    public int FreeCount { get; private set; }

    /// <summary>Pages somebody refers to.</summary>
    public int UsedCount => PageCount - FreeCount;

    /// <summary>The highest <see cref="UsedCount"/> since the pool was made or <see cref="ResetPeak"/> was called.</summary>
    public int PeakUsed { get; private set; }

    /// <summary>Tokens a page of this pool holds.</summary>
    public int TokensPerPage { get; }

    /// <summary>Told of every change of a page's references; null when nobody listens.</summary>
    internal PageChanges? Changes { get; set; }

    /// <summary>The pages of the usual size that a number of tokens takes.</summary>
    /// <param name="tokens">Tokens, 0 or more.</param>
    public static int PagesFor(int tokens) => (int)(((uint)tokens + PageSize - 1) / PageSize);

    /// <summary>The pages of this pool that a number of tokens takes.</summary>
    /// <param name="tokens">Tokens, 0 or more.</param>
    public int PagesToHold(int tokens) => (int)(((uint)tokens + (uint)TokensPerPage - 1) >> _shift);

    /// <summary>Which of a sequence's pages holds a position.</summary>
    internal int PageOf(int position) => position >> _shift;

    /// <summary>Where in its page a position is.</summary>
    internal int OffsetOf(int position) => position & (TokensPerPage - 1);

    /// <summary>Starts <see cref="PeakUsed"/> anew from the pages in use now.</summary>
    public void ResetPeak() => PeakUsed = UsedCount;

    /// <summary>Takes a free page, with one reference to it.</summary>
    /// <param name="page">The page, or -1 where none is free.</param>
    /// <returns>Whether a page was free.</returns>
    public bool TryAllocate(out int page)
    {
        if (FreeCount == 0)
        {
            page = -1;
            return false;
        }
        page = _free[--FreeCount];
        _references[page] = 1;
        PeakUsed = Math.Max(PeakUsed, UsedCount);
        Changes?.Allocated.Add(page);
        return true;
    }

    /// <summary>Adds a reference to a page in use.</summary>
    /// <exception cref="InvalidOperationException">The page is free, or there is no such page.</exception>
    public void AddReference(int page)
    {
        ThrowUnlessUsed(page);
        _references[page]++;
        Changes?.Shared.Add(page);
    }

    /// <summary>Gives one reference back; with the last one the page becomes free.</summary>
    /// <exception cref="InvalidOperationException">The page is free already, or there is no such page.</exception>
    public void Release(int page)
    {
        ThrowUnlessUsed(page);
        if (--_references[page] == 0) _free[FreeCount++] = page;
        if (Changes is { } changes) (_references[page] == 0 ? changes.Freed : changes.Released).Add(page);
    }

    /// <summary>How many refer to a page; 0 when it is free.</summary>
    /// <exception cref="InvalidOperationException">There is no such page.</exception>
    public int ReferenceCount(int page)
    {
        ThrowUnlessExists(page);
        return _references[page];
    }

    /// <summary>
    /// Verifies the whole cache: every page is either free or has exactly as many references as tables and tree nodes that name it, at
    /// the same place in each of them; tables hold as many pages as their lengths need. For tests and debugging: it allocates.
    /// </summary>
    /// <param name="tables">Every live table of this pool.</param>
    /// <param name="tree">The prefix tree of this pool, if it has one.</param>
    /// <exception cref="InvalidOperationException">Something is wrong; the message names the page or table.</exception>
    public void CheckIntegrity(IEnumerable<PageTable> tables, PrefixTree? tree = null)
    {
        ArgumentNullException.ThrowIfNull(tables);
        CacheIntegrity.Check(this, _free.AsSpan(0, FreeCount), tables, tree);
    }

    private void ThrowUnlessUsed(int page)
    {
        ThrowUnlessExists(page);
        if (_references[page] == 0) throw new InvalidOperationException($"page {page} is free; only a page in use has references");
    }

    private void ThrowUnlessExists(int page)
    {
        if ((uint)page >= (uint)PageCount)
            throw new InvalidOperationException($"there is no page {page}; the pool has pages 0 to {PageCount - 1}");
    }
}
