using System.Buffers;

namespace CudaSearch.Cache;

/// <summary>
/// The pages of one sequence, in order; the last may be partly filled. Tables share pages: a shared page is only read, and the first append
/// into a shared, partly filled page moves the table to a copy of it. Besides the object that <see cref="Fork"/> makes nothing is
/// allocated in steady state. Not thread-safe: the engine's loop is the only caller.
/// </summary>
public sealed class PageTable : IDisposable
{
    private int[] _pages = [];
    private int _pageCount;
    private bool _disposed;

    /// <summary>Creates an empty table.</summary>
    /// <param name="pool">Where its pages come from.</param>
    public PageTable(PagePool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        Pool = pool;
    }

    /// <summary>Where the pages come from.</summary>
    public PagePool Pool { get; }

    /// <summary>Tokens held.</summary>
    public int Length { get; private set; }

    /// <summary>The pages that hold them, [ceil(<see cref="Length"/> / page size)]; valid until the table changes.</summary>
    public ReadOnlySpan<int> Pages => _pages.AsSpan(0, _pageCount);

    /// <summary>Whether somebody else refers to the last page.</summary>
    internal bool IsTailShared => _pageCount > 0 && Pool.ReferenceCount(_pages[_pageCount - 1]) > 1;

    private int TailTokens => Pool.OffsetOf(Length);

    /// <summary>A table of the same tokens that shares all pages.</summary>
    /// <exception cref="ObjectDisposedException">This table is disposed.</exception>
    public PageTable Fork()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        PageTable fork = new(Pool);
        fork.Share(this);
        return fork;
    }

    /// <summary>Makes this empty table hold the tokens of another, all pages shared.</summary>
    /// <exception cref="InvalidOperationException">This table is not empty.</exception>
    /// <exception cref="ObjectDisposedException">This table is disposed.</exception>
    public void Share(PageTable other)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        RequireEmpty();
        Share(other.Pages, other.Length);
    }

    /// <summary>Takes cached full pages as this empty table's beginning, with a reference to each.</summary>
    /// <param name="pages">Full pages, in order.</param>
    /// <exception cref="InvalidOperationException">The table is not empty, or a page is free.</exception>
    /// <exception cref="ObjectDisposedException">This table is disposed.</exception>
    public void AdoptPrefix(ReadOnlySpan<int> pages)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        RequireEmpty();
        Share(pages, pages.Length * Pool.TokensPerPage);
    }

    /// <summary>Drops the tokens from a position on and gives back the pages that no longer hold any.</summary>
    /// <param name="length">Tokens to keep, 0 to <see cref="Length"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer tokens than that.</exception>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        int keep = Pool.PagesToHold(length);
        while (_pageCount > keep) Pool.Release(_pages[--_pageCount]);
        Length = length;
    }

    /// <summary>The new pages that appending would take, the copy of a shared last page included.</summary>
    /// <param name="tokens">Tokens to append, 0 or more.</param>
    public int PagesToAppend(int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        return Pool.PagesToHold(checked(Length + tokens)) - _pageCount + (NeedsCopy(tokens) ? 1 : 0);
    }

    /// <summary>Makes room for tokens at the end: all of them, or none where the pool has too few pages.</summary>
    /// <param name="tokens">Tokens to append, 0 or more.</param>
    /// <param name="copy">The copy to make before the new tokens are written; null where none is needed.</param>
    /// <returns>Whether the tokens were appended; if not, nothing has changed.</returns>
    /// <exception cref="ObjectDisposedException">This table is disposed.</exception>
    public bool TryAppend(int tokens, out PageCopy? copy)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        copy = null;
        if (PagesToAppend(tokens) > Pool.FreeCount) return false;

        if (NeedsCopy(tokens))
        {
            int shared = _pages[_pageCount - 1];
            int own = Allocate();
            _pages[_pageCount - 1] = own;
            Pool.Release(shared);
            copy = new PageCopy(shared, own);
        }
        Length += tokens;
        int pages = Pool.PagesToHold(Length);
        EnsureCapacity(pages);
        while (_pageCount < pages) _pages[_pageCount++] = Allocate();
        return true;
    }

    /// <summary>Where the keys and values of a token lie: page · page size + offset in the page.</summary>
    /// <param name="position">The token's position, below <see cref="Length"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The table holds no such position.</exception>
    public int SlotOf(int position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(position, Length);
        return _pages[Pool.PageOf(position)] * Pool.TokensPerPage + Pool.OffsetOf(position);
    }

    /// <summary>Gives all pages back; the table is empty and can be filled again.</summary>
    public void Clear() => Truncate(0);

    /// <summary>Gives all pages back for good. A second call does nothing.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        Clear();
        _disposed = true;
        ReturnArray();
        _pages = [];
    }

    // The last page is partly filled and somebody else refers to it. A Truncate can leave a page so that is full for the others.
    private bool NeedsCopy(int tokens) => tokens > 0 && TailTokens != 0 && IsTailShared;

    private int Allocate() =>
        Pool.TryAllocate(out int page) ? page : throw new InvalidOperationException("the pool ran dry although its pages were counted");

    private void RequireEmpty()
    {
        if (Length != 0) throw new InvalidOperationException($"the table holds {Length} tokens; only an empty table can take a prefix");
    }

    private void Share(ReadOnlySpan<int> pages, int length)
    {
        EnsureCapacity(pages.Length);
        foreach (int page in pages)
        {
            Pool.AddReference(page);
            _pages[_pageCount++] = page;
            // Kept in step, so that a free page among them leaves a valid, shorter table behind its exception.
            Length = Math.Min(length, _pageCount * Pool.TokensPerPage);
        }
    }

    private void EnsureCapacity(int pages)
    {
        if (pages <= _pages.Length) return;
        int[] larger = ArrayPool<int>.Shared.Rent(Math.Max(pages, 2 * _pages.Length));
        Pages.CopyTo(larger);
        ReturnArray();
        _pages = larger;
    }

    private void ReturnArray()
    {
        if (_pages.Length > 0) ArrayPool<int>.Shared.Return(_pages);
    }
}
