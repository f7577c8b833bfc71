using System.Numerics;
using System.Runtime.InteropServices;

using CudaSearch.Cache;

namespace CudaSearch.Tests.Cache;

/// <summary>
/// The spans of a pass over one segment of the key axis, as a tree with a node for every range: what <see cref="SegmentTree"/> folds into fewer nodes, without
/// any shortcut.
/// </summary>
internal sealed class RangeTree
{
    private const int RangeLength = AttentionPlan.RangeLength;

    // More than any plan costs, and far from overflow in sums.
    private const long Never = 1L << 40;

    private readonly List<Node> _nodes = [];

    // [ranges, spans at hand]: the node of each span in each range; None where the span has ended.
    private readonly List<int> _nodeOf = [];

    // Open addressing, by numbers that go on from one segment to the next: a slot is taken when its node is one of the range at hand, so that nothing needs
    // clearing in between.
    private int[] _slots = [];
    private int _numbered;
    private int _spanCount;

    // [spans at hand]: whether a span has the pages of the one before it throughout the segment.
    private readonly List<bool> _isLikeNeighbour = [];

    // A bit for each range in which some run ends.
    private uint _endings;

    /// <summary>No node.</summary>
    public const int None = -1;

    /// <summary>Ranges of the segment that some span reaches.</summary>
    public int Ranges { get; private set; }

    /// <summary>Begins a plan.</summary>
    /// <param name="spans">Most spans that a segment will have.</param>
    public void Reset(int spans)
    {
        // At most half full.
        int capacity = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, 2 * spans));
        if (_slots.Length < capacity) _slots = new int[capacity];
        Array.Fill(_slots, None);
        _nodes.Clear();
        _numbered = 0;
    }

    /// <summary>Grows the tree of a segment and cuts it.</summary>
    /// <param name="spans">The queries of the pass.</param>
    /// <param name="active">Those that reach the segment.</param>
    /// <param name="firstKey">The segment's first key.</param>
    /// <param name="share">False lets every span read for itself.</param>
    /// <param name="stateKeys">Keys whose reading costs as much as one more state of a row.</param>
    /// <param name="longestRun">Ranges that a run may have at most.</param>
    public void Build(ReadOnlySpan<QuerySpan> spans, ReadOnlySpan<int> active, int firstKey, bool share, int stateKeys, int longestRun)
    {
        Grow(spans, active, firstKey, share);
        Cut(stateKeys, longestRun);
    }

    /// <summary>Whether any run ends in a range: others have no items.</summary>
    public bool HasEnd(int range) => (_endings & 1u << range) != 0;

    /// <summary>The node whose item a span visits in a range; <see cref="None"/> where its run goes on or it has ended.</summary>
    /// <param name="range">From the segment's start.</param>
    /// <param name="span">Its place among the active ones.</param>
    public int EndOfRun(int range, int span)
    {
        int at = At(range, span);
        if (at == None || _nodes[at].Apart) return at;
        int next = range + 1 < Ranges ? At(range + 1, span) : None;
        return next == None || _nodes[next].Apart ? at : None;
    }

    /// <summary>Whether a node's item is its range alone; else it is the run from the segment's start.</summary>
    public bool IsSingleRange(int node) => _nodes[node].Apart;

    /// <summary>The item of a node, once <see cref="SetItem"/> was called; <see cref="None"/> before.</summary>
    public int ItemOf(int node) => _nodes[node].Item;

    /// <summary>Remembers the item of a node.</summary>
    public void SetItem(int node, int item) => Nodes[node].Item = item;

    private Span<Node> Nodes => CollectionsMarshal.AsSpan(_nodes);

    private int At(int range, int span) => _nodeOf[range * _spanCount + span];

    private void Grow(ReadOnlySpan<QuerySpan> spans, ReadOnlySpan<int> active, int firstKey, bool share)
    {
        _numbered += _nodes.Count;
        _nodes.Clear();
        _spanCount = active.Length;
        int furthest = 0;
        foreach (int s in active) furthest = Math.Max(furthest, spans[s].End - firstKey);
        Ranges = Math.Min(AttentionPlan.RangesBefore(furthest), AttentionPlan.SegmentRanges);
        CollectionsMarshal.SetCount(_nodeOf, Ranges * active.Length);
        CompareNeighbours(spans, active, firstKey, share);
        for (int range = 0; range < Ranges; range++)
        {
            int firstNode = _nodes.Count, rangeKey = firstKey + range * RangeLength;
            for (int i = 0; i < active.Length; i++)
            {
                ref readonly QuerySpan span = ref spans[active[i]];
                int at = None;
                if (span.End > rangeKey)
                {
                    int parent = range == 0 ? None : At(range - 1, i);
                    // Whoever was alone stays alone.
                    bool alone = !share || (parent != None && _nodes[parent].Spans == 1);
                    at = _isLikeNeighbour[i] ? At(range, i - 1)
                        : alone ? Add(span, parent, rangeKey, range, active[i])
                        : FindOrAdd(spans, firstNode, parent, rangeKey, range, active[i]);
                    Count(ref Nodes[at], span, firstKey, rangeKey, range);
                }
                _nodeOf[range * _spanCount + i] = at;
            }
        }
    }

    // Beams of one parent stand side by side, and most segments are behind them all.
    private void CompareNeighbours(ReadOnlySpan<QuerySpan> spans, ReadOnlySpan<int> active, int firstKey, bool share)
    {
        const int Whole = AttentionPlan.SegmentLength;
        CollectionsMarshal.SetCount(_isLikeNeighbour, active.Length);
        Span<bool> alike = CollectionsMarshal.AsSpan(_isLikeNeighbour);
        ReadOnlySpan<int> before = [];
        for (int i = 0; i < active.Length; i++)
        {
            ReadOnlySpan<int> pages = spans[active[i]].PagesOf(firstKey, Whole, out int keys);
            alike[i] = share && keys == Whole && pages.SequenceEqual(before);
            before = keys == Whole ? pages : [];
        }
    }

    private int FindOrAdd(ReadOnlySpan<QuerySpan> spans, int firstNode, int parent, int rangeKey, int range, int index)
    {
        ref readonly QuerySpan span = ref spans[index];
        ReadOnlySpan<int> pages = span.PagesOf(rangeKey, RangeLength, out int keys);
        uint hash = PageHash.Add((uint)parent, keys);
        foreach (int page in pages) hash = PageHash.Add(hash, page);
        int mask = _slots.Length - 1;
        for (int slot = (int)PageHash.Finish(hash) & mask; ; slot = (slot + 1) & mask)
        {
            int found = _slots[slot] - _numbered;
            if (found < firstNode)
            {
                found = Add(span, parent, rangeKey, range, index);
                _slots[slot] = _numbered + found;
                return found;
            }
            ref readonly Node node = ref Nodes[found];
            if (node.Parent == parent && node.Keys == keys && spans[node.FirstSpan].PagesOf(rangeKey, RangeLength, out _).SequenceEqual(pages)) return found;
        }
    }

    private int Add(in QuerySpan span, int parent, int rangeKey, int range, int index)
    {
        int keys = Math.Min(RangeLength, span.End - rangeKey);
        _nodes.Add(new Node { Parent = parent, Range = range, FirstSpan = index, Keys = keys, RunKeys = keys + (parent == None ? 0 : _nodes[parent].RunKeys), Item = None });
        return _nodes.Count - 1;
    }

    private static void Count(ref Node node, in QuerySpan span, int firstKey, int rangeKey, int range)
    {
        int rows = span.RowsFrom(firstKey);
        node.Spans++;
        node.Rows += rows;
        node.RowsOfRange += span.RowsFrom(rangeKey);
        if (range + 1 < AttentionPlan.SegmentRanges && span.End > rangeKey + RangeLength) return;
        node.Ending = true;
        // A row whose only state is this one keeps it in registers to the end.
        bool only = firstKey == 0 && span.End <= AttentionPlan.SegmentLength;
        if (!only) node.EndingRows += rows;
    }

    // Children come behind their parents: backwards, a node's branches have all been added up when its turn comes.
    private void Cut(int stateKeys, int longestRun)
    {
        Span<Node> nodes = Nodes;
        for (int n = nodes.Length - 1; n >= 0; n--)
        {
            ref Node node = ref nodes[n];
            long ending = (long)stateKeys * node.EndingRows;
            long together = node.BestOfBranches + ending + (node.Ending || node.BranchesLeave ? node.RunKeys : 0);
            long apart = node.RunsOfBranches + ending + (node.Ending ? node.RunKeys : 0);
            node.EndsRun = together < apart;
            long run = node.RunKeys > longestRun * RangeLength ? Never : Math.Min(together, apart);
            node.Singles += node.Keys + (long)stateKeys * node.RowsOfRange;
            if (node.Parent == None) continue;

            long leave = node.Singles + (long)stateKeys * node.Rows;
            node.Apart = leave < run;
            ref Node parent = ref nodes[node.Parent];
            parent.Singles += node.Singles;
            parent.BestOfBranches += Math.Min(leave, run);
            parent.RunsOfBranches += run;
            parent.BranchesLeave |= node.Apart;
        }

        // What a branch would do if its parent's run ended becomes what it does.
        _endings = 0;
        foreach (ref Node node in nodes)
        {
            if (node.Parent != None)
            {
                ref readonly Node parent = ref nodes[node.Parent];
                node.Apart = parent.Apart || (parent.EndsRun && node.Apart);
            }
            // Where a branch leaves, the run before it ends.
            if (node.Ending || node.Apart) _endings |= 1u << node.Range;
            if (node.Apart) _endings |= 1u << node.Range >> 1;
        }
    }

    private record struct Node
    {
        public int Parent;
        public int Range;            // from the segment's start
        public int Spans;
        public int FirstSpan;        // in whose table the pages stand
        public int Keys;             // of the range
        public int RunKeys;          // from the segment's start
        public int Item;
        public int Rows;             // of its spans that see the segment
        public int RowsOfRange;      // that see the range
        public bool Ending;          // spans end in this range, or the segment does
        public int EndingRows;       // rows of those, without the ones that have no other state
        public bool BranchesLeave;
        public bool EndsRun;         // for those branches that gain by it
        public bool Apart;           // every range by itself from here on
        public long Singles;         // what it costs in keys: from here on every range by itself
        public long RunsOfBranches;  // every branch with a run of its own
        public long BestOfBranches;  // every branch the cheaper of the two
    }
}
