using System.Numerics;
using System.Runtime.InteropServices;

namespace CudaSearch.Cache;

/// <summary>
/// The spans of a pass over the segments of the key axis, for each segment a tree: a node is a run of ranges and the spans whose pages are the same from the
/// segment's start to that run's end. Spans that part from all others (or nobody) at once have one node to their end; where some part later there is a node a
/// range. Children come behind their parents. Reused from pass to pass.
/// </summary>
internal sealed partial class SegmentTree
{
    private const int RangeLength = AttentionPlan.RangeLength;

    private readonly List<Node> _nodes = [];
    private readonly List<SpanVisit> _visits = [];
    private readonly List<int> _firstVisits = [];
    private readonly List<Block> _blocks = [], _branches = [];

    // Open addressing: a slot is taken when its node is one of the range at hand, so that nothing needs clearing in between.
    private (int Node, uint Hash)[] _slots = [];

    /// <summary>No node.</summary>
    public const int None = -1;

    /// <summary>Segments that some span reaches.</summary>
    public int Segments => _firstVisits.Count;

    /// <summary>The nodes of all segments.</summary>
    public Span<Node> Nodes => CollectionsMarshal.AsSpan(_nodes);

    /// <summary>The spans that reach a segment, in order.</summary>
    public ReadOnlySpan<SpanVisit> VisitsOf(int segment) => VisitsFrom(_firstVisits[segment], segment + 1 < Segments ? _firstVisits[segment + 1] : _visits.Count);

    /// <summary>Grows the trees of a pass.</summary>
    /// <param name="spans">The queries of the pass.</param>
    /// <param name="share">False lets every span read for itself.</param>
    public void Grow(ReadOnlySpan<QuerySpan> spans, bool share)
    {
        // At most half full.
        int capacity = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, 2 * spans.Length));
        if (_slots.Length < capacity) _slots = new (int, uint)[capacity];
        _slots.AsSpan().Fill((None, 0u));
        _nodes.Clear();
        _visits.Clear();
        _firstVisits.Clear();
        for (int s = 0; s < spans.Length; s++)
        {
            if (spans[s].RowCount > 0) _visits.Add(new SpanVisit { Span = s });
        }
        int first = 0;
        for (int firstKey = 0; first < _visits.Count; firstKey += AttentionPlan.SegmentLength)
        {
            if (firstKey > 0) first = GoOn(spans, first, firstKey);
            if (first == _visits.Count) return;
            _firstVisits.Add(first);
            GrowSegment(spans, VisitsFrom(first, _visits.Count), firstKey, share);
        }
    }

    private Span<SpanVisit> VisitsFrom(int first, int end) => CollectionsMarshal.AsSpan(_visits)[first..end];

    // Whoever visits a segment and is longer visits the next one.
    private int GoOn(ReadOnlySpan<QuerySpan> spans, int first, int firstKey)
    {
        int next = _visits.Count, end = next;
        CollectionsMarshal.SetCount(_visits, next + next - first);
        Span<SpanVisit> visits = CollectionsMarshal.AsSpan(_visits);
        for (int v = first; v < next; v++)
        {
            if (spans[visits[v].Span].End > firstKey) visits[end++] = visits[v];
        }
        CollectionsMarshal.SetCount(_visits, end);
        return next;
    }

    private void GrowSegment(ReadOnlySpan<QuerySpan> spans, Span<SpanVisit> visits, int firstKey, bool share)
    {
        CompareNeighbours(spans, visits, firstKey, share);
        _blocks.Clear();
        _blocks.Add(new Block(First: 0, visits.Length, None, IsWhole: true));
        for (int range = 0; _blocks.Count > 0; range++)
        {
            int firstNode = _nodes.Count;
            _branches.Clear();
            foreach (ref readonly Block block in CollectionsMarshal.AsSpan(_blocks)) Branch(spans, visits, block, firstKey, range, firstNode, share);
            _blocks.Clear();
            foreach (ref readonly Block block in CollectionsMarshal.AsSpan(_branches))
            {
                bool only = _nodes[block.Node].Blocks == 1;
                if (only && block.IsWhole) EndTogether(spans, visits, block, firstKey);
                else _blocks.Add(block with { IsWhole = only });
            }
        }
    }

    // Beams of one parent stand side by side, and most segments are behind them all: what neighbours have in common need not be looked up.
    private static void CompareNeighbours(ReadOnlySpan<QuerySpan> spans, Span<SpanVisit> visits, int firstKey, bool share)
    {
        ReadOnlySpan<int> pagesBefore = [];
        int keysBefore = 0;
        foreach (ref SpanVisit visit in visits)
        {
            ref readonly QuerySpan span = ref spans[visit.Span];
            ReadOnlySpan<int> pages = span.PagesOf(firstKey, AttentionPlan.SegmentLength, out int keys);
            visit.Ranges = AttentionPlan.RangesBefore(keys);
            visit.Common = 0;
            if (share)
            {
                int same = pages.CommonPrefixLength(pagesBefore);
                visit.Common = keys == keysBefore && same == pages.Length
                    ? visit.Ranges : Math.Min(same * span.Table.Pool.TokensPerPage, Math.Min(keys, keysBefore)) / RangeLength;
                pagesBefore = pages;
                keysBefore = keys;
            }
        }
    }

    // Cuts a block where its spans part in a range, and finds the node of each branch.
    private void Branch(ReadOnlySpan<QuerySpan> spans, Span<SpanVisit> visits, in Block block, int firstKey, int range, int firstNode, bool share)
    {
        for (int first = block.First, end; first < block.End; first = end)
        {
            end = first + 1;
            ref SpanVisit visit = ref visits[first];
            ref readonly QuerySpan span = ref spans[visit.Span];
            if (visit.Ranges <= range)
            {
                End(ref visit, span, block.Node, firstKey);
                continue;
            }
            bool together = span.RowCount == 1;
            for (; end < block.End && visits[end].Common > range; end++)
                together &= visits[end].Common == visit.Ranges && visits[end].Ranges == visit.Ranges && spans[visits[end].Span].RowCount == 1;
            bool alone = !share || (block.IsWhole && first == block.First && end == block.End);
            int node = alone ? Add(span, block.Node, firstKey, range, visit.Span) : FindOrAdd(spans, block.Node, firstKey, range, visit.Span, firstNode);
            Nodes[node].Blocks++;
            _branches.Add(new Block(first, end, node, together));
        }
    }

    private int FindOrAdd(ReadOnlySpan<QuerySpan> spans, int parent, int firstKey, int range, int index, int firstNode)
    {
        ref readonly QuerySpan span = ref spans[index];
        int rangeKey = firstKey + range * RangeLength;
        ReadOnlySpan<int> pages = span.PagesOf(rangeKey, RangeLength, out int keys);
        // A shared page was written behind one prefix: the last says enough about those before it, but only to know where to look.
        uint hash = PageHash.Finish(PageHash.Add((uint)parent ^ ((uint)keys << 24), pages[^1]));
        int mask = _slots.Length - 1;
        for (int slot = (int)hash & mask; ; slot = (slot + 1) & mask)
        {
            ref (int Node, uint Hash) found = ref _slots[slot];
            if (found.Node < firstNode)
            {
                found = (Add(span, parent, firstKey, range, index), hash);
                return found.Node;
            }
            if (found.Hash != hash) continue;
            ref readonly Node node = ref Nodes[found.Node];
            if (node.Parent == parent && node.RunKeys == rangeKey - firstKey + keys && spans[node.FirstSpan].PagesOf(rangeKey, RangeLength, out _).SequenceEqual(pages))
                return found.Node;
        }
    }

    private int Add(in QuerySpan span, int parent, int firstKey, int range, int index)
    {
        int keys = Math.Min((range + 1) * RangeLength, span.End - firstKey);
        int added = _nodes.Count;
        CollectionsMarshal.SetCount(_nodes, added + 1);
        Nodes[added] = new Node { Parent = parent, First = range, Last = range, FirstSpan = index, RunKeys = keys };
        return added;
    }

    // A block whose spans never part, and that nobody else joined.
    private void EndTogether(ReadOnlySpan<QuerySpan> spans, Span<SpanVisit> visits, in Block block, int firstKey)
    {
        ref Node node = ref Nodes[block.Node];
        node.Last = visits[block.First].Ranges - 1;
        node.RunKeys = Math.Min(AttentionPlan.SegmentLength, spans[visits[block.First].Span].End - firstKey);
        foreach (ref SpanVisit visit in visits[block.First..block.End]) End(ref visit, spans[visit.Span], block.Node, firstKey);
    }

    private void End(ref SpanVisit visit, in QuerySpan span, int leaf, int firstKey)
    {
        visit.Leaf = leaf;
        Span<Node> nodes = Nodes;
        ref Node node = ref nodes[leaf];
        int rows = span.RowsFrom(firstKey);
        node.EndingRows += rows;
        // A row whose only state is this one keeps it in registers to the end.
        if (firstKey > 0 || span.End > AttentionPlan.SegmentLength) node.EndingStates += rows;
        if (span.RowCount == 1) return;

        // Those of its rows that do not reach the last ranges.
        int firstPosition = Math.Max(span.FirstPosition, firstKey);
        for (int n = leaf; n != None; n = nodes[n].Parent) nodes[n].RowsBefore += Math.Max(0, firstKey + nodes[n].First * RangeLength - firstPosition);
    }

    /// <summary>A span in a segment that it reaches.</summary>
    public struct SpanVisit
    {
        /// <summary>Which.</summary>
        public int Span;

        /// <summary>Ranges of the segment that it reaches.</summary>
        public int Ranges;

        /// <summary>How many of them, from the first on, are the neighbour's before it as well.</summary>
        public int Common;

        /// <summary>The node that its last range is in.</summary>
        public int Leaf;
    }

    /// <summary>Some ranges of a segment, and the spans with the same pages up to there.</summary>
    public struct Node
    {
        public int Parent;
        public int First;            // range, from the segment's start
        public int Last;             // range
        public int FirstSpan;        // in whose table the pages stand
        public int RunKeys;          // from the segment's start
        public int Blocks;           // of neighbours that came together here
        public int EndingRows;       // rows of the spans that end here, or go on into the next segment
        public int EndingStates;     // without the rows that have no other state
        public int RowsBefore;       // that see the segment, but end before this range

        // What the cut makes of it.
        public int Rows;             // that see the segment
        public int RunRanges;        // how far its run goes, where that is not Apart
        public bool BranchesLeave;
        public bool EndsRun;         // for those branches that gain by it
        public bool Apart;           // every range by itself from here on
        public bool IsRunsEnd;       // some run ends here
        public int ItemsBefore;      // that its spans visit in this segment before those of the node
        public long Singles;         // what it costs in keys: from here on every range by itself
        public long RunsOfBranches;  // every branch with a run of its own
        public long BestOfBranches;  // every branch the cheaper of the two

        /// <summary>
        /// How many items a span visits here that ends here or leaves: the last so many ranges of the node are the last of an item each. The first of them is
        /// the run's, but where the node is <see cref="Apart"/>.
        /// </summary>
        public readonly int Items => Last + 1 - (Apart ? First : RunRanges - 1);

        /// <summary>The node with the items before these; <see cref="None"/> where there are none in the segment.</summary>
        public readonly int NextItems => Apart ? Parent : None;

        /// <summary>The first of its items; for whoever makes them.</summary>
        public int Item;
    }

    /// <summary>Visits side by side that are in one node.</summary>
    /// <param name="First">The first.</param>
    /// <param name="End">Behind the last.</param>
    /// <param name="Node">Theirs.</param>
    /// <param name="IsWhole">When it is found: nobody parts from the others any more. Afterwards: no other block is in the node.</param>
    private readonly record struct Block(int First, int End, int Node, bool IsWhole);
}
