using System.Runtime.InteropServices;
using CudaSearch.Cache;

namespace CudaSearch.Tests.Cache;

/// <summary>What <see cref="AttentionPlan"/> makes of a pass, made the long way: range by range, from a tree with a node for each.</summary>
internal sealed class RangePlan
{
    private const int RangeLength = AttentionPlan.RangeLength, SegmentRanges = AttentionPlan.SegmentRanges, SegmentLength = AttentionPlan.SegmentLength;

    private readonly List<WorkItem> _items = [];
    private readonly List<int> _pages = [];
    private readonly List<PlanMember> _members = [];
    private readonly List<int> _rowPartials = [0];
    private readonly List<int> _partialKeys = [];

    // Spans that reach the segment at hand, in order; the item each of them visits at the range at hand; states that each span of the pass has so far.
    private readonly List<int> _active = [];
    private readonly List<int> _itemOfActive = [];
    private readonly List<int> _statesOfSpan = [];
    private readonly RangeTree _tree = new();

    public ReadOnlySpan<WorkItem> Items => CollectionsMarshal.AsSpan(_items);

    public ReadOnlySpan<int> Pages => CollectionsMarshal.AsSpan(_pages);

    public ReadOnlySpan<PlanMember> Members => CollectionsMarshal.AsSpan(_members);

    public ReadOnlySpan<int> RowPartials => CollectionsMarshal.AsSpan(_rowPartials);

    public ReadOnlySpan<int> PartialKeys => CollectionsMarshal.AsSpan(_partialKeys);

    public int PartialCount => _rowPartials[^1];

    public int PagesWithoutSharing { get; private set; }

    /// <summary>As <see cref="AttentionPlan.Build"/>, for spans that are right.</summary>
    public void Build(ReadOnlySpan<QuerySpan> spans, bool share = true, int stateKeys = 0, int minItems = 0)
    {
        int rows = 0;
        foreach (ref readonly QuerySpan span in spans) rows = span.RowCount == 0 ? rows : Math.Max(rows, span.FirstRow + span.RowCount);
        CollectionsMarshal.SetCount(_rowPartials, rows + 1);
        for (int longestRun = SegmentRanges; ; longestRun /= 2)
        {
            PlanSegments(spans, share, stateKeys, longestRun);
            if (_items.Count >= minItems || longestRun == 1) break;
        }
        NumberPartials();
    }

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
            int node = _tree.EndOfRun(range, i), item = RangeTree.None;
            if (node != RangeTree.None)
            {
                item = _tree.ItemOf(node);
                if (item == RangeTree.None) _tree.SetItem(node, item = AddItem(spans[_active[i]], segmentKey, range, _tree.IsSingleRange(node)));
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
            if (_itemOfActive[i] == RangeTree.None) continue;
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
