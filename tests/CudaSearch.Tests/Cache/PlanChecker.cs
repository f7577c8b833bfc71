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

    // Every row reads each key at or before its position once, from the right slot, into a partial state of its own for every range.
    private static void CheckCover(AttentionPlan plan, QuerySpan[] spans)
    {
        Dictionary<int, (PageTable Table, int Position)> rows = [];
        foreach (QuerySpan span in spans)
        {
            for (int i = 0; i < span.RowCount; i++) rows.Add(span.FirstRow + i, (span.Table, span.FirstPosition + i));
        }

        int size = spans.Length > 0 ? spans[0].Table.Pool.TokensPerPage : PagePool.PageSize;
        HashSet<(int Row, int Key)> seen = [];
        HashSet<int> partials = [];
        foreach (WorkItem item in plan.Items)
        {
            Assert.Equal(0, item.FirstKey % AttentionPlan.RangeLength);
            Assert.InRange(item.KeyCount, 1, AttentionPlan.RangeLength);
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
                    furthest = Math.Max(furthest, Math.Min(position - item.FirstKey + 1, AttentionPlan.RangeLength));

                    int partial = plan.RowPartials[row] + item.FirstKey / AttentionPlan.RangeLength;
                    Assert.True(partial < plan.RowPartials[row + 1]);
                    Assert.True(partials.Add(partial));
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
        Assert.Equal(plan.PartialCount, partials.Count);
        Assert.Equal(rows.Count == 0 ? 0 : rows.Keys.Max() + 1, plan.RowCount);
    }

    // Groups are exactly the spans with equal pages and key counts in a range, in order of range and first appearance.
    private static void CheckGroups(AttentionPlan plan, QuerySpan[] spans, bool share)
    {
        List<(int FirstKey, string Pages, List<int> FirstRows)> expected = [];
        int ends = spans.Select(s => s.FirstPosition + s.RowCount).Append(0).Max();
        int visits = 0;
        for (int firstKey = 0; firstKey < ends; firstKey += AttentionPlan.RangeLength)
        {
            int firstOfRange = expected.Count;
            foreach (QuerySpan span in spans.Where(s => s.RowCount > 0 && s.FirstPosition + s.RowCount > firstKey))
            {
                int keys = Math.Min(AttentionPlan.RangeLength, span.FirstPosition + span.RowCount - firstKey);
                int[] pages = span.Table.Pages.Slice(firstKey / span.Table.Pool.TokensPerPage, span.Table.Pool.PagesToHold(keys)).ToArray();
                visits += pages.Length;
                string name = $"{keys}: {string.Join(' ', pages)}";
                int found = share ? expected.FindIndex(firstOfRange, e => e.Pages == name) : -1;
                if (found < 0)
                {
                    expected.Add((firstKey, name, []));
                    found = expected.Count - 1;
                }
                expected[found].FirstRows.Add(span.FirstRow + Math.Max(0, firstKey - span.FirstPosition));
            }
        }

        Assert.Equal(visits, plan.PagesWithoutSharing);
        Assert.Equal(plan.Items.ToArray().Sum(item => item.PageCount), plan.DistinctPages);
        if (!share) Assert.Equal(visits, plan.DistinctPages);
        Assert.Equal(expected.Count, plan.Items.Length);
        for (int i = 0; i < expected.Count; i++)
        {
            WorkItem item = plan.Items[i];
            Assert.Equal(expected[i].FirstKey, item.FirstKey);
            Assert.Equal(expected[i].Pages, $"{item.KeyCount}: {string.Join(' ', plan.Pages.Slice(item.FirstPage, item.PageCount).ToArray())}");
            Assert.Equal(expected[i].FirstRows, plan.Members.Slice(item.FirstMember, item.MemberCount).ToArray().Select(m => m.FirstRow));
        }
    }
}
