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

    private readonly SegmentTree _tree = new();

    // The items of the segment at hand as spans come by, and their numbers in the plan's order; states that each span of the pass has so far.
    private readonly List<Draft> _drafts = [];
    private readonly List<int> _order = [];
    private readonly List<int> _statesOfSpan = [];

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

    /// <summary>Rows of all members: how often a row visits an item.</summary>
    public int VisitCount { get; private set; }

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
        _tree.Grow(spans, share);
        for (int longestRun = SegmentRanges; _tree.Cut(stateKeys, longestRun) < minItems && longestRun > 1;) longestRun /= 2;
        _items.Clear();
        _pages.Clear();
        _members.Clear();
        VisitCount = 0;
        CollectionsMarshal.SetCount(_statesOfSpan, spans.Length);
        CollectionsMarshal.AsSpan(_statesOfSpan).Clear();
        for (int segment = 0; segment < _tree.Segments; segment++)
        {
            DraftItems(segment);
            PlaceItems(spans, segment * SegmentLength);
            PlaceMembers(spans, segment);
        }
        NumberPartials();
    }

    private void CheckRows(ReadOnlySpan<QuerySpan> spans)
    {
        int rows = 0;
        PagesWithoutSharing = 0;
        for (int s = 0; s < spans.Length; s++)
        {
            ref readonly QuerySpan span = ref spans[s];
            if (span.FirstRow < 0 || span.RowCount < 0 || span.FirstPosition < 0) throw Invalid(span, s, "numbers may not be negative");
            if (span.RowCount > span.Table.Length - span.FirstPosition) throw Invalid(span, s, $"its table holds {span.Table.Length} tokens only");
            if (span.RowCount == 0) continue;
            rows = Math.Max(rows, span.FirstRow + span.RowCount);
            PagesWithoutSharing += span.Table.Pool.PagesToHold(span.End);
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

    // Each item once, when the first of its spans comes by, and how many come.
    private void DraftItems(int segment)
    {
        _drafts.Clear();
        Span<SegmentTree.Node> nodes = _tree.Nodes;
        foreach (ref readonly SegmentTree.SpanVisit visit in _tree.VisitsOf(segment))
        {
            for (int n = visit.Leaf; n != SegmentTree.None; n = nodes[n].NextItems)
            {
                ref SegmentTree.Node node = ref nodes[n];
                if (node.Item == SegmentTree.None) DraftItems(ref node, segment * SegmentLength, visit.Span);
                foreach (ref Draft draft in CollectionsMarshal.AsSpan(_drafts).Slice(node.Item, node.Items)) draft.Members++;
            }
        }
    }

    private void DraftItems(ref SegmentTree.Node node, int segmentKey, int span)
    {
        node.Item = _drafts.Count;
        for (int range = node.Last + 1 - node.Items; range <= node.Last; range++)
        {
            bool run = !node.Apart && range < node.RunRanges;
            _drafts.Add(new Draft { FirstKey = segmentKey + (run ? 0 : range * RangeLength), LastRange = range, Span = span });
        }
    }

    // By last range, those of one range in the order in which they were drafted.
    private void PlaceItems(ReadOnlySpan<QuerySpan> spans, int segmentKey)
    {
        Span<Draft> drafts = CollectionsMarshal.AsSpan(_drafts);
        Span<int> places = stackalloc int[SegmentRanges + 1];
        places.Clear();
        foreach (ref readonly Draft draft in drafts) places[draft.LastRange + 1]++;
        for (int range = 1; range < SegmentRanges; range++) places[range] += places[range - 1];
        CollectionsMarshal.SetCount(_order, drafts.Length);
        Span<int> order = CollectionsMarshal.AsSpan(_order);
        for (int d = 0; d < drafts.Length; d++) order[places[drafts[d].LastRange]++] = d;

        int firstMember = _members.Count;
        foreach (int d in order)
        {
            ref Draft draft = ref drafts[d];
            int endKey = segmentKey + (draft.LastRange + 1) * RangeLength;
            ReadOnlySpan<int> pages = spans[draft.Span].PagesOf(draft.FirstKey, endKey - draft.FirstKey, out int keys);
            _items.Add(new WorkItem(draft.FirstKey, keys, _pages.Count, pages.Length, firstMember, draft.Members));
            _pages.AddRange(pages);
            draft.NextMember = firstMember;
            firstMember += draft.Members;
        }
        CollectionsMarshal.SetCount(_members, firstMember);
    }

    private void PlaceMembers(ReadOnlySpan<QuerySpan> spans, int segment)
    {
        Span<SegmentTree.Node> nodes = _tree.Nodes;
        Span<Draft> drafts = CollectionsMarshal.AsSpan(_drafts);
        Span<PlanMember> members = CollectionsMarshal.AsSpan(_members);
        Span<int> states = CollectionsMarshal.AsSpan(_statesOfSpan);
        int rows = 0;
        foreach (ref readonly SegmentTree.SpanVisit visit in _tree.VisitsOf(segment))
        {
            ref readonly QuerySpan span = ref spans[visit.Span];
            int before = states[visit.Span];
            states[visit.Span] += nodes[visit.Leaf].ItemsBefore + nodes[visit.Leaf].Items;
            for (int n = visit.Leaf; n != SegmentTree.None; n = nodes[n].NextItems)
            {
                ref readonly SegmentTree.Node node = ref nodes[n];
                int state = before + node.ItemsBefore;
                foreach (ref Draft draft in drafts.Slice(node.Item, node.Items))
                {
                    int skipped = Math.Max(0, draft.FirstKey - span.FirstPosition);
                    rows += span.RowCount - skipped;
                    members[draft.NextMember++] = new PlanMember(span.FirstRow + skipped, span.RowCount - skipped, span.FirstPosition + skipped, state++);
                }
            }
        }
        VisitCount += rows;
    }

    private void NumberPartials()
    {
        Span<int> partials = CollectionsMarshal.AsSpan(_rowPartials);
        partials.Clear();
        // The last state of a row tells how many it has.
        foreach (ref readonly PlanMember member in Members)
        {
            int states = member.State == 0 ? 0 : member.State + 1;
            if (member.RowCount == 1) partials[member.FirstRow + 1] = states;
            else partials.Slice(member.FirstRow + 1, member.RowCount).Fill(states);
        }
        for (int r = 1; r < partials.Length; r++) partials[r] = checked(partials[r] + partials[r - 1]);

        CollectionsMarshal.SetCount(_partialKeys, PartialCount);
        if (PartialCount == 0) return;
        Span<int> keys = CollectionsMarshal.AsSpan(_partialKeys);
        ReadOnlySpan<PlanMember> members = Members;
        foreach (ref readonly WorkItem item in Items)
        {
            foreach (ref readonly PlanMember member in members.Slice(item.FirstMember, item.MemberCount))
            {
                for (int row = member.FirstRow; row < member.FirstRow + member.RowCount; row++)
                {
                    if (partials[row + 1] > partials[row]) keys[partials[row] + member.State] = item.FirstKey;
                }
            }
        }
    }

    /// <summary>An item before its place is known.</summary>
    private struct Draft
    {
        public int FirstKey;
        public int LastRange;
        public int Span;        // in whose table the pages stand
        public int Members;
        public int NextMember;  // where the next of them goes
    }
}
