using CudaSearch.Cache;

namespace CudaSearch.Tests.Cache;

/// <summary>Evaluates a plan key by key and compares with what plain attention would read.</summary>
internal static class PlanChecker
{
    public static void Check(AttentionPlan plan, QuerySpan[] spans, bool share)
    {
        CheckCover(plan, spans);
        CheckGroups(plan, spans, share);
    }

    /// <summary>What a plan costs in keys: those read, and the partial states.</summary>
    public static long CostOf(AttentionPlan plan, int stateKeys) => plan.Items.ToArray().Sum(item => (long)item.KeyCount) + (long)stateKeys * plan.PartialCount;

    // Every row reads each key at or before its position once, from the right slot. Its items are runs from a segment's start and single ranges, in order of
    // position, and each leaves the partial state whose turn it is.
    private static void CheckCover(AttentionPlan plan, QuerySpan[] spans)
    {
        Dictionary<int, (PageTable Table, int Position)> rows = [];
        foreach (QuerySpan span in spans)
        {
            for (int i = 0; i < span.RowCount; i++) rows.Add(span.FirstRow + i, (span.Table, span.FirstPosition + i));
        }

        int size = spans.Length > 0 ? spans[0].Table.Pool.TokensPerPage : PagePool.PageSize;
        HashSet<(int Row, int Key)> seen = [];
        Dictionary<int, List<int>> keysOfRow = [];
        foreach (WorkItem item in plan.Items)
        {
            Assert.Equal(0, item.FirstKey % AttentionPlan.RangeLength);
            bool begins = item.FirstKey % AttentionPlan.SegmentLength == 0;
            Assert.InRange(item.KeyCount, 1, begins ? AttentionPlan.SegmentLength : AttentionPlan.RangeLength);
            Assert.Equal((item.KeyCount + size - 1) / size, item.PageCount);
            int furthest = 0;
            foreach (PlanMember member in plan.Members.Slice(item.FirstMember, item.MemberCount))
            {
                Assert.True(member.RowCount > 0);
                for (int i = 0; i < member.RowCount; i++)
                {
                    int row = member.FirstRow + i;
                    (PageTable table, int position) = rows[row];
                    Assert.Equal(position, member.FirstPosition + i);
                    Assert.True(position >= item.FirstKey);
                    furthest = Math.Max(furthest, Math.Min(position - item.FirstKey + 1, item.KeyCount));

                    if (!keysOfRow.TryGetValue(row, out List<int>? keys)) keysOfRow.Add(row, keys = []);
                    Assert.Equal(keys.Count, member.State);
                    if (keys.Count > 0) Assert.True(keys[^1] < item.FirstKey);
                    keys.Add(item.FirstKey);
                    for (int key = item.FirstKey; key < item.FirstKey + item.KeyCount && key <= position; key++)
                    {
                        int offset = key - item.FirstKey;
                        Assert.Equal(table.SlotOf(key), plan.Pages[item.FirstPage + offset / size] * size + offset % size);
                        Assert.True(seen.Add((row, key)));
                    }
                }
            }
            Assert.Equal(furthest, item.KeyCount);
        }
        Assert.Equal(rows.Values.Sum(r => r.Position + 1), seen.Count);
        for (int row = 0; row < plan.RowCount; row++)
        {
            // The only state of a row needs no place.
            int[] partials = keysOfRow.TryGetValue(row, out List<int>? keys) && keys.Count > 1 ? [.. keys] : [];
            Assert.Equal(partials, plan.PartialKeys[plan.RowPartials[row]..plan.RowPartials[row + 1]].ToArray());
        }
        Assert.Equal(plan.PartialKeys.Length, plan.PartialCount);
        Assert.Equal(rows.Count == 0 ? 0 : rows.Keys.Max() + 1, plan.RowCount);
    }

    // Members of an item have the same pages there (covered above) and none has company without sharing; where all that counts is what is read, every page of
    // every range is read once for all spans that hold that range's pages.
    private static void CheckGroups(AttentionPlan plan, QuerySpan[] spans, bool share)
    {
        HashSet<(int FirstKey, int Keys, string Pages)> distinct = [];
        int least = 0, alone = 0, ends = spans.Select(s => s.End).Append(0).Max();
        for (int firstKey = 0; firstKey < ends; firstKey += AttentionPlan.RangeLength)
        {
            foreach (QuerySpan span in spans.Where(s => s.RowCount > 0 && s.End > firstKey))
            {
                int keys = Math.Min(AttentionPlan.RangeLength, span.End - firstKey);
                int[] pages = span.Table.Pages.Slice(firstKey / span.Table.Pool.TokensPerPage, span.Table.Pool.PagesToHold(keys)).ToArray();
                alone += pages.Length;
                if (distinct.Add((firstKey, keys, string.Join(' ', pages)))) least += pages.Length;
            }
        }
        Assert.Equal(alone, plan.PagesWithoutSharing);
        Assert.Equal(plan.Items.ToArray().Sum(item => item.PageCount), plan.DistinctPages);
        Assert.Equal(share ? least : alone, plan.DistinctPages);
        if (!share) Assert.All(plan.Items.ToArray(), item => Assert.Equal(1, item.MemberCount));
    }
}
