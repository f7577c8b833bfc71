using System.Runtime.InteropServices;

namespace CudaSearch.Cache;

/// <summary>Keys that consecutive ranges of one segment hold, and everybody who attends to them.</summary>
/// <param name="FirstKey">The position of its first key, a multiple of <see cref="AttentionPlan.RangeLength"/>: a segment's start, or a single range.</param>
/// <param name="KeyCount">Keys that exist for its members, 1 to <see cref="AttentionPlan.SegmentLength"/>; only the last range may be partly filled.</param>
/// <param name="FirstPage">Where its pages start in <see cref="AttentionPlan.Pages"/>.</param>
/// <param name="PageCount">Its pages, ceil(KeyCount / page size).</param>
/// <param name="FirstMember">Where its members start in <see cref="AttentionPlan.Members"/>.</param>
/// <param name="MemberCount">Its members, at least 1.</param>
public readonly record struct WorkItem(int FirstKey, int KeyCount, int FirstPage, int PageCount, int FirstMember, int MemberCount);

/// <summary>Rows of one span that visit an item. A row sees only keys at or before its own position.</summary>
/// <param name="FirstRow">The first row of the flat batch.</param>
/// <param name="RowCount">Rows, at least 1.</param>
/// <param name="FirstPosition">The position of the first row; the others follow.</param>
/// <param name="State">Which of each row's states the item gives, from 0 in order of position.</param>
public readonly record struct PlanMember(int FirstRow, int RowCount, int FirstPosition, int State);

/// <summary>
/// Who reads which pages in one pass. The key axis is cut into segments at fixed multiples of the position, and segments into ranges. What a row computes (per
/// head) is fixed by its position alone: within a segment the states of its ranges fold in order of position, then the segments' states do; a fold begins with
/// its first state as it is. Grouping only decides who reads: an item is a run of ranges from a segment's start, whose fold its visitors do as they read, or a
/// single range, whose state is folded in later. Spans whose tables hold the same physical pages visit an item together, so that its pages are read once.
/// Flat arrays of plain data, ready to be uploaded; the spans returned are valid until the next <see cref="Build"/>. An object is meant to be reused: its
/// arrays grow and are kept.
/// </summary>
public sealed class AttentionPlan
{
    /// <summary>Keys a range has at most.</summary>
    public const int RangeLength = 64;

    /// <summary>Ranges of a segment.</summary>
    public const int SegmentRanges = 8;

    /// <summary>Keys of a segment.</summary>
    public const int SegmentLength = SegmentRanges * RangeLength;

    private readonly List<WorkItem> _items = [];
    private readonly List<int> _pages = [];
    private readonly List<PlanMember> _members = [];
    private readonly List<int> _rowPartials = [0];
    private readonly List<int> _partialKeys = [];

    // Spans that reach the segment at hand, in order; the item each of them visits at the range at hand; states that each span of the pass has so far.
    private readonly List<int> _active = [];
    private readonly List<int> _itemOfActive = [];
    private readonly List<int> _statesOfSpan = [];
    private readonly SegmentTree _tree = new();

    /// <summary>The work, by segment, then by last range, then by first appearance among the spans: a row's items are in order of position.</summary>
    public ReadOnlySpan<WorkItem> Items => CollectionsMarshal.AsSpan(_items);

    /// <summary>Physical pages of the items, [<see cref="DistinctPages"/>].</summary>
    public ReadOnlySpan<int> Pages => CollectionsMarshal.AsSpan(_pages);

    /// <summary>Members of the items; within an item in the order of the spans.</summary>
    public ReadOnlySpan<PlanMember> Members => CollectionsMarshal.AsSpan(_members);

    /// <summary>
    /// [rows + 1]: the partial states of row r are numbers RowPartials[r] up to, not including, RowPartials[r + 1], in order of position. A row with one state
    /// only has none: that state is its result.
    /// </summary>
    public ReadOnlySpan<int> RowPartials => CollectionsMarshal.AsSpan(_rowPartials);

    /// <summary>[<see cref="PartialCount"/>]: the first key of the item that each partial state comes from.</summary>
    public ReadOnlySpan<int> PartialKeys => CollectionsMarshal.AsSpan(_partialKeys);

    /// <summary>Rows of the pass: one more than the last row any span names.</summary>
    public int RowCount => _rowPartials.Count - 1;

    /// <summary>Partial states of all rows (per head).</summary>
    public int PartialCount => _rowPartials[^1];

    /// <summary>Page visits with this plan.</summary>
    public int DistinctPages => _pages.Count;

    /// <summary>Page visits if every span read its own pages.</summary>
    public int PagesWithoutSharing { get; private set; }

    /// <summary>Ranges that hold the first <paramref name="keys"/> keys of a sequence.</summary>
    public static int RangesBefore(int keys) => (keys + RangeLength - 1) / RangeLength;

    /// <summary>Plans a pass. Takes time in proportion to the pages of all spans.</summary>
    /// <param name="spans">The queries of the pass; no row may be in two of them.</param>
    /// <param name="share">Whether spans with the same pages visit them together; false is plain paged attention.</param>
    /// <param name="stateKeys">Keys whose reading costs as much as one more partial state of a row; spans read together only where it saves more.</param>
    /// <param name="minItems">Items that a device wants for its parts to be busy: runs are cut shorter until there are so many, or as many as can be.</param>
    /// <exception cref="ArgumentException">A span is negative, overlaps another, or reaches beyond its table.</exception>
    public void Build(ReadOnlySpan<QuerySpan> spans, bool share = true, int stateKeys = 0, int minItems = 0)
    {
        CheckRows(spans);
        for (int longestRun = SegmentRanges; ; longestRun /= 2)
        {
            PlanSegments(spans, share, stateKeys, longestRun);
            if (_items.Count >= minItems || longestRun == 1) break;
        }
        NumberPartials();
    }

    private void CheckRows(ReadOnlySpan<QuerySpan> spans)
    {
        int rows = 0;
        for (int s = 0; s < spans.Length; s++)
        {
            ref readonly QuerySpan span = ref spans[s];
            if (span.FirstRow < 0 || span.RowCount < 0 || span.FirstPosition < 0) throw Invalid(span, s, "numbers may not be negative");
            if (span.RowCount > span.Table.Length - span.FirstPosition) throw Invalid(span, s, $"its table holds {span.Table.Length} tokens only");
            if (span.RowCount > 0) rows = Math.Max(rows, span.FirstRow + span.RowCount);
        }

        CollectionsMarshal.SetCount(_rowPartials, rows + 1);
        Span<int> owners = CollectionsMarshal.AsSpan(_rowPartials);
        owners.Clear();
        for (int s = 0; s < spans.Length; s++)
        {
            for (int i = 0; i < spans[s].RowCount; i++)
            {
                if (owners[spans[s].FirstRow + i]++ > 0) throw Invalid(spans[s], s, $"row {spans[s].FirstRow + i} is in another span as well");
            }
        }
    }

    private static ArgumentException Invalid(in QuerySpan span, int index, string reason) =>
        new($"span {index} (rows from {span.FirstRow}, {span.RowCount} of them, positions from {span.FirstPosition}): {reason}");

    private void PlanSegments(ReadOnlySpan<QuerySpan> spans, bool share, int stateKeys, int longestRun)
    {
        _items.Clear();
        _pages.Clear();
        _members.Clear();
        _active.Clear();
        PagesWithoutSharing = 0;
        CollectionsMarshal.SetCount(_statesOfSpan, spans.Length);
        CollectionsMarshal.AsSpan(_statesOfSpan).Clear();
        for (int s = 0; s < spans.Length; s++)
        {
            if (spans[s].RowCount == 0) continue;
            _active.Add(s);
            PagesWithoutSharing += spans[s].Table.Pool.PagesToHold(spans[s].End);
        }
        _tree.Reset(_active.Count);
        for (int firstKey = 0; _active.Count > 0; firstKey += SegmentLength)
        {
            _tree.Build(spans, CollectionsMarshal.AsSpan(_active), firstKey, share, stateKeys, longestRun);
            for (int range = 0; range < _tree.Ranges; range++)
            {
                if (_tree.HasEnd(range)) PlanRange(spans, firstKey, range);
            }
            DropFinished(spans, firstKey + SegmentLength);
        }
    }

    // The items that end with a range: single ranges, and runs that go no further.
    private void PlanRange(ReadOnlySpan<QuerySpan> spans, int segmentKey, int range)
    {
        int firstItem = _items.Count;
        CollectionsMarshal.SetCount(_itemOfActive, _active.Count);
        for (int i = 0; i < _active.Count; i++)
        {
            int node = _tree.EndOfRun(range, i), item = SegmentTree.None;
            if (node != SegmentTree.None)
            {
                item = _tree.ItemOf(node);
                if (item == SegmentTree.None) _tree.SetItem(node, item = AddItem(spans[_active[i]], segmentKey, range, _tree.IsSingleRange(node)));
                _items[item] = _items[item] with { MemberCount = _items[item].MemberCount + 1 };
            }
            _itemOfActive[i] = item;
        }
        PlaceMembers(spans, firstItem);
    }

    private int AddItem(in QuerySpan span, int segmentKey, int range, bool single)
    {
        int endKey = segmentKey + (range + 1) * RangeLength, firstKey = single ? endKey - RangeLength : segmentKey;
        ReadOnlySpan<int> pages = span.PagesOf(firstKey, endKey - firstKey, out int keys);
        _items.Add(new WorkItem(firstKey, keys, _pages.Count, pages.Length, FirstMember: 0, MemberCount: 0));
        _pages.AddRange(pages);
        return _items.Count - 1;
    }

    private void PlaceMembers(ReadOnlySpan<QuerySpan> spans, int firstItem)
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
            if (_itemOfActive[i] == SegmentTree.None) continue;
            ref readonly QuerySpan span = ref spans[_active[i]];
            ref WorkItem item = ref items[_itemOfActive[i]];
            int rows = span.RowsFrom(item.FirstKey), skipped = span.RowCount - rows;
            members[item.FirstMember + item.MemberCount] = new PlanMember(span.FirstRow + skipped, rows, span.FirstPosition + skipped, _statesOfSpan[_active[i]]++);
            item = item with { MemberCount = item.MemberCount + 1 };
        }
    }

    private void DropFinished(ReadOnlySpan<QuerySpan> spans, int firstKey)
    {
        Span<int> active = CollectionsMarshal.AsSpan(_active);
        int kept = 0;
        foreach (int s in active)
        {
            if (spans[s].End > firstKey) active[kept++] = s;
        }
        _active.RemoveRange(kept, _active.Count - kept);
    }

    private void NumberPartials()
    {
        Span<int> partials = CollectionsMarshal.AsSpan(_rowPartials);
        partials.Clear();
        // The last state of a row tells how many it has.
        foreach (ref readonly PlanMember member in Members) partials.Slice(member.FirstRow + 1, member.RowCount).Fill(member.State == 0 ? 0 : member.State + 1);
        for (int r = 1; r < partials.Length; r++) partials[r] = checked(partials[r] + partials[r - 1]);

        CollectionsMarshal.SetCount(_partialKeys, PartialCount);
        foreach (ref readonly WorkItem item in Items)
        {
            foreach (ref readonly PlanMember member in Members.Slice(item.FirstMember, item.MemberCount))
            {
                for (int row = member.FirstRow; row < member.FirstRow + member.RowCount; row++)
                {
                    if (partials[row + 1] > partials[row]) _partialKeys[partials[row] + member.State] = item.FirstKey;
                }
            }
        }
    }
}
