namespace CudaSearch.Cache;

/// <content>Decides which spans read a run of ranges together.</content>
/// <remarks>
/// A run is folded in registers and leaves one partial state a row; where its company parts, the later ranges of the segment leave one each, since only a fold
/// from the segment's start has the bits that every row must have. So reading a run together saves keys and costs states, and both are bytes: for every
/// key/value head a key and its value are 4 D bytes (bfloat16, heads of D elements), a state of a group of G query heads 8 G (D + 2) (float32, written and read
/// again), as much as 2 G keys. The tree is cut where the sum is least, from the leaves up: every branch either ends its run with its parent, or takes the
/// parent's keys into a run of its own and reads them once more. Within a node of several ranges neither ever gains: its run goes to the end, or as far as runs may.
/// </remarks>
internal sealed partial class SegmentTree
{
    // More than any plan costs, and far from overflow in sums.
    private const long Never = 1L << 40;

    /// <summary>Cuts all trees. They may be cut again.</summary>
    /// <param name="stateKeys">Keys whose reading costs as much as one more state of a row.</param>
    /// <param name="longestRun">Ranges that a run may have at most.</param>
    /// <returns>Items that the cut makes.</returns>
    public int Cut(int stateKeys, int longestRun)
    {
        Span<Node> nodes = Nodes;
        foreach (ref Node node in nodes)
        {
            node.Rows = node.EndingRows;
            node.BranchesLeave = false;
            node.Singles = node.RunsOfBranches = node.BestOfBranches = 0;
            node.ItemsBefore = 0;
            node.Item = None;
        }
        // Backwards, a node's branches have all been added up when its turn comes.
        for (int n = nodes.Length - 1; n >= 0; n--) Weigh(nodes, ref nodes[n], stateKeys, longestRun);
        int items = 0;
        foreach (ref Node node in nodes) items += Decide(nodes, ref node);
        return items;
    }

    private static void Weigh(Span<Node> nodes, ref Node node, long stateKeys, int longestRun)
    {
        bool ending = node.EndingRows > 0;
        long states = stateKeys * node.EndingStates;
        long together = node.BestOfBranches + states + (ending || node.BranchesLeave ? node.RunKeys : 0);
        long apart = node.RunsOfBranches + states + (ending ? node.RunKeys : 0);
        long run = Math.Min(together, apart);
        node.EndsRun = together < apart;
        node.RunRanges = node.Last + 1;
        int limit = longestRun * RangeLength, ranges = node.Last + 1 - node.First;
        if (node.RunKeys > limit)
        {
            if (ranges > 1 && node.First < longestRun)
            {
                // As far as it may; then the others by themselves.
                run = node.RunKeys + stateKeys * node.Rows * (node.Last + 2 - longestRun);
                node.RunRanges = longestRun;
            }
            else
            {
                run = Never;
            }
        }
        node.Singles += node.RunKeys - node.First * RangeLength + stateKeys * ((long)node.Rows * ranges - node.RowsBefore);
        if (node.Parent == None) return;

        long leave = node.Singles + stateKeys * node.Rows;
        node.Apart = leave < run;
        ref Node parent = ref nodes[node.Parent];
        parent.Rows += node.Rows;
        parent.Singles += node.Singles;
        parent.BestOfBranches += Math.Min(leave, run);
        parent.RunsOfBranches += run;
        parent.BranchesLeave |= node.Apart;
    }

    // What a branch would do if its parent's run ended becomes what it does. Returns the items that it adds.
    private static int Decide(Span<Node> nodes, ref Node node)
    {
        int items = 0;
        if (node.Parent != None)
        {
            ref Node parent = ref nodes[node.Parent];
            node.Apart = parent.Apart || (parent.EndsRun && node.Apart);
            if (node.Apart) node.ItemsBefore = parent.ItemsBefore + parent.Items;
            // Where a branch leaves, the run before it ends.
            if (node.Apart && !parent.Apart && !parent.IsRunsEnd)
            {
                parent.IsRunsEnd = true;
                items++;
            }
        }
        node.IsRunsEnd = !node.Apart && node.EndingRows > 0;
        if (node.IsRunsEnd) items++;
        return items + node.Last + 1 - (node.Apart ? node.First : node.RunRanges);
    }
}
