using System.Numerics;
using System.Runtime.InteropServices;

namespace CudaSearch.Cache;

/// <summary>Consecutive rows of a pass's flat batch that are consecutive tokens of one sequence.</summary>
/// <param name="FirstRow">The first row.</param>
/// <param name="RowCount">Rows; 0 is allowed and visits nothing.</param>
/// <param name="FirstPosition">The position of the first row's token in the sequence.</param>
/// <param name="Table">The sequence's pages, to which these tokens are appended already.</param>
public readonly record struct QuerySpan(int FirstRow, int RowCount, int FirstPosition, PageTable Table);

/// <summary>One range of keys and everybody who attends to it.</summary>
/// <param name="FirstKey">The position of its first key, a multiple of <see cref="AttentionPlan.RangeLength"/>.</param>
/// <param name="KeyCount">Keys of the range that exist for its members, 1 to <see cref="AttentionPlan.RangeLength"/>.</param>
/// <param name="FirstPage">Where its pages start in <see cref="AttentionPlan.Pages"/>.</param>
/// <param name="PageCount">Its pages, ceil(KeyCount / page size).</param>
/// <param name="FirstMember">Where its members start in <see cref="AttentionPlan.Members"/>.</param>
/// <param name="MemberCount">Its members, at least 1.</param>
public readonly record struct WorkItem(int FirstKey, int KeyCount, int FirstPage, int PageCount, int FirstMember, int MemberCount);

/// <summary>Rows of one span that visit an item's range. A row sees only keys at or before its own position.</summary>
/// <param name="FirstRow">The first row of the flat batch.</param>
/// <param name="RowCount">Rows, at least 1.</param>
/// <param name="FirstPosition">The position of the first row; the others follow.</param>
public readonly record struct PlanMember(int FirstRow, int RowCount, int FirstPosition);

/// <summary>
/// Who reads which pages in one pass. Keys are cut into ranges at fixed multiples of the position; every row gets one partial state (per
/// head) from every range up to its own position, merged later in order of position. Spans whose tables hold the same physical pages
/// for the whole of a range visit it together, so that its pages are read once; grouping never changes a row's arithmetic. Flat arrays of
/// plain data, ready to be uploaded; the spans returned are valid until the next <see cref="Build"/>. An object is meant to be
/// reused: its arrays grow and are kept.
/// </summary>
public sealed class AttentionPlan
{
    /// <summary>Keys a range has at most.</summary>
    public const int RangeLength = 64;

    /// <summary>Ranges that hold the first <paramref name="keys"/> keys of a sequence.</summary>
    public static int RangesBefore(int keys) => (keys + RangeLength - 1) / RangeLength;

    private readonly List<WorkItem> _items = [];
    private readonly List<int> _pages = [];
    private readonly List<PlanMember> _members = [];
    private readonly List<int> _rowPartials = [0];

    // Spans that reach the range at hand, in order, and the item each of them visits there.
    private readonly List<int> _active = [];
    private readonly List<int> _itemOfActive = [];

    // Open addressing; a slot is taken when its item is one of the range at hand, so that nothing needs clearing between ranges.
    private int[] _slots = [];

    /// <summary>The work, by first key, then by first appearance among the spans.</summary>
    public ReadOnlySpan<WorkItem> Items => CollectionsMarshal.AsSpan(_items);

    /// <summary>Physical pages of the items, [<see cref="DistinctPages"/>].</summary>
    public ReadOnlySpan<int> Pages => CollectionsMarshal.AsSpan(_pages);

    /// <summary>Members of the items; within an item in the order of the spans.</summary>
    public ReadOnlySpan<PlanMember> Members => CollectionsMarshal.AsSpan(_members);

    /// <summary>
    /// [rows + 1]: the partial states of row r are numbers RowPartials[r] up to, not including, RowPartials[r + 1], one a range in order of
    /// position. The one from an item is number RowPartials[r] + FirstKey / <see cref="RangeLength"/>.
    /// </summary>
    public ReadOnlySpan<int> RowPartials => CollectionsMarshal.AsSpan(_rowPartials);

    /// <summary>Rows of the pass: one more than the last row any span names.</summary>
    public int RowCount => _rowPartials.Count - 1;

    /// <summary>Partial states of all rows (per head).</summary>
    public int PartialCount => _rowPartials[^1];

    /// <summary>Page visits with this plan.</summary>
    public int DistinctPages => _pages.Count;

    /// <summary>Page visits if every span read its own pages.</summary>
    public int PagesWithoutSharing { get; private set; }

    /// <summary>Plans a pass. Takes time in proportion to the pages of all spans.</summary>
    /// <param name="spans">The queries of the pass; no row may be in two of them.</param>
    /// <param name="share">Whether spans with the same pages visit them together; false is plain paged attention.</param>
    /// <exception cref="ArgumentException">A span is negative, overlaps another, or reaches beyond its table.</exception>
    public void Build(ReadOnlySpan<QuerySpan> spans, bool share = true)
    {
        Reset();
        CountPartials(spans);
        if (share) ReserveSlots(spans.Length);
        for (int firstKey = 0; _active.Count > 0; firstKey += RangeLength)
        {
            PlanRange(spans, firstKey, share);
            DropFinished(spans, firstKey + RangeLength);
        }
    }

    private static int EndOf(in QuerySpan span) => span.FirstPosition + span.RowCount;

    private void Reset()
    {
        _items.Clear();
        _pages.Clear();
        _members.Clear();
        _active.Clear();
        _rowPartials.Clear();
        _rowPartials.Add(0);
        PagesWithoutSharing = 0;
    }

    private void CountPartials(ReadOnlySpan<QuerySpan> spans)
    {
        int rows = 0;
        for (int s = 0; s < spans.Length; s++)
        {
            QuerySpan span = spans[s];
            Validate(span, s);
            if (span.RowCount == 0) continue;
            _active.Add(s);
            rows = Math.Max(rows, span.FirstRow + span.RowCount);
        }

        CollectionsMarshal.SetCount(_rowPartials, rows + 1);
        Span<int> counts = CollectionsMarshal.AsSpan(_rowPartials);
        counts.Clear();
        foreach (int s in _active)
        {
            QuerySpan span = spans[s];
            for (int i = 0; i < span.RowCount; i++)
            {
                ref int count = ref counts[span.FirstRow + i + 1];
                if (count != 0) throw Invalid(span, s, $"row {span.FirstRow + i} is in another span as well");
                count = (span.FirstPosition + i) / RangeLength + 1;
            }
        }
        for (int r = 0; r < rows; r++) counts[r + 1] = checked(counts[r + 1] + counts[r]);
    }

    private static void Validate(in QuerySpan span, int index)
    {
        if (span.FirstRow < 0 || span.RowCount < 0 || span.FirstPosition < 0) throw Invalid(span, index, "numbers may not be negative");
        if (span.RowCount > span.Table.Length - span.FirstPosition) throw Invalid(span, index, $"its table holds {span.Table.Length} tokens only");
    }

    private static ArgumentException Invalid(in QuerySpan span, int index, string reason) =>
        new($"span {index} (rows from {span.FirstRow}, {span.RowCount} of them, positions from {span.FirstPosition}): {reason}");

    private void ReserveSlots(int spans)
    {
        // At most half full.
        int capacity = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, 2 * spans));
        if (_slots.Length < capacity) _slots = new int[capacity];
        Array.Fill(_slots, -1);
    }

    private void PlanRange(ReadOnlySpan<QuerySpan> spans, int firstKey, bool share)
    {
        int firstItem = _items.Count;
        _itemOfActive.Clear();
        foreach (int s in _active)
        {
            int keys = Math.Min(RangeLength, EndOf(spans[s]) - firstKey);
            PageTable table = spans[s].Table;
            int pageCount = table.Pool.PagesToHold(keys);
            ReadOnlySpan<int> pages = table.Pages.Slice(firstKey / table.Pool.TokensPerPage, pageCount);
            PagesWithoutSharing += pageCount;

            int item = share ? FindOrAdd(firstItem, firstKey, keys, pages) : AddItem(firstKey, keys, pages);
            _itemOfActive.Add(item);
            _items[item] = _items[item] with { MemberCount = _items[item].MemberCount + 1 };
        }
        PlaceMembers(spans, firstItem, firstKey);
    }

    private int FindOrAdd(int firstItem, int firstKey, int keys, ReadOnlySpan<int> pages)
    {
        uint hash = PageHash.Add(0, keys);
        foreach (int page in pages) hash = PageHash.Add(hash, page);
        int mask = _slots.Length - 1;
        for (int slot = (int)PageHash.Finish(hash) & mask; ; slot = (slot + 1) & mask)
        {
            int item = _slots[slot];
            if (item < firstItem) return _slots[slot] = AddItem(firstKey, keys, pages);
            WorkItem found = _items[item];
            if (found.KeyCount == keys && Pages.Slice(found.FirstPage, found.PageCount).SequenceEqual(pages)) return item;
        }
    }

    private int AddItem(int firstKey, int keys, ReadOnlySpan<int> pages)
    {
        _items.Add(new WorkItem(firstKey, keys, _pages.Count, pages.Length, FirstMember: 0, MemberCount: 0));
        _pages.AddRange(pages);
        return _items.Count - 1;
    }

    private void PlaceMembers(ReadOnlySpan<QuerySpan> spans, int firstItem, int firstKey)
    {
        // Members were counted; now every item gets its place, and counts again while it is filled in the order of the spans.
        Span<WorkItem> items = CollectionsMarshal.AsSpan(_items);
        int next = _members.Count;
        for (int i = firstItem; i < items.Length; i++)
        {
            int count = items[i].MemberCount;
            items[i] = items[i] with { FirstMember = next, MemberCount = 0 };
            next += count;
        }

        CollectionsMarshal.SetCount(_members, next);
        Span<PlanMember> members = CollectionsMarshal.AsSpan(_members);
        for (int i = 0; i < _active.Count; i++)
        {
            QuerySpan span = spans[_active[i]];
            ref WorkItem item = ref items[_itemOfActive[i]];
            int skipped = Math.Max(0, firstKey - span.FirstPosition);
            members[item.FirstMember + item.MemberCount] =
                new PlanMember(span.FirstRow + skipped, span.RowCount - skipped, span.FirstPosition + skipped);
            item = item with { MemberCount = item.MemberCount + 1 };
        }
    }

    private void DropFinished(ReadOnlySpan<QuerySpan> spans, int firstKey)
    {
        Span<int> active = CollectionsMarshal.AsSpan(_active);
        int kept = 0;
        foreach (int s in active)
        {
            if (EndOf(spans[s]) > firstKey) active[kept++] = s;
        }
        _active.RemoveRange(kept, _active.Count - kept);
    }
}
