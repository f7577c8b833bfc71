using CudaSearch.Cache;

namespace CudaSearch.Backends.Cuda;

/// <summary>An item of an attention plan, and as many of its rows as one block takes.</summary>
/// <param name="FirstKey">As the item's.</param>
/// <param name="KeyCount">As the item's.</param>
/// <param name="FirstPage">As the item's.</param>
/// <param name="FirstRow">Where its rows start among the units' rows.</param>
/// <param name="RowCount">Its rows, at least 1.</param>
/// <param name="Merges">1 when some of them have more states than this one.</param>
internal readonly record struct WorkUnit(int FirstKey, int KeyCount, int FirstPage, int FirstRow, int RowCount, int Merges);

/// <summary>A row of a unit.</summary>
/// <param name="Row">Of the pass.</param>
/// <param name="Position">In its sequence.</param>
/// <param name="Partial">Which partial state it leaves; -1 when this is its only state.</param>
internal readonly record struct UnitRow(int Row, int Position, int Partial);

/// <summary>
/// Cuts the items of an attention plan into the units that blocks take in turn: the longest first, so that what is left in the end is short. Those of one item
/// follow each other, so that its pages come from memory for the first and from the cache for the others.
/// </summary>
internal static class WorkUnits
{
    /// <summary>int32 words of a <see cref="WorkUnit"/>.</summary>
    public const int UnitWords = 6;

    /// <summary>int32 words of a <see cref="UnitRow"/>.</summary>
    public const int RowWords = 3;

    /// <summary>How many units and rows <see cref="Write"/> makes.</summary>
    /// <param name="plan">Built.</param>
    /// <param name="unitRows">Rows a unit may have.</param>
    public static (int Units, int Rows) Count(AttentionPlan plan, int unitRows)
    {
        int units = 0, rows = 0;
        foreach (ref readonly WorkItem item in plan.Items)
        {
            int itemRows = RowsOf(plan, item);
            units += (itemRows + unitRows - 1) / unitRows;
            rows += itemRows;
        }
        return (units, rows);
    }

    /// <summary>Writes all units and their rows.</summary>
    /// <param name="plan">Built.</param>
    /// <param name="unitRows">Rows a unit may have.</param>
    /// <param name="units">As many as <see cref="Count"/> says.</param>
    /// <param name="rows">Likewise.</param>
    public static void Write(AttentionPlan plan, int unitRows, Span<WorkUnit> units, Span<UnitRow> rows)
    {
        int unit = 0, row = 0;
        for (int ranges = AttentionPlan.SegmentRanges; ranges > 0; ranges--)
        {
            foreach (ref readonly WorkItem item in plan.Items)
            {
                if (AttentionPlan.RangesBefore(item.KeyCount) != ranges) continue;
                int first = row;
                row += WriteRows(plan, item, rows[first..]);
                for (; first < row; first += unitRows)
                {
                    Span<UnitRow> mine = rows[first..Math.Min(first + unitRows, row)];
                    units[unit++] = new WorkUnit(item.FirstKey, item.KeyCount, item.FirstPage, first, mine.Length, Merges(mine) ? 1 : 0);
                }
            }
        }
    }

    private static int RowsOf(AttentionPlan plan, in WorkItem item)
    {
        int rows = 0;
        foreach (ref readonly PlanMember member in MembersOf(plan, item)) rows += member.RowCount;
        return rows;
    }

    private static int WriteRows(AttentionPlan plan, in WorkItem item, Span<UnitRow> rows)
    {
        ReadOnlySpan<int> partials = plan.RowPartials;
        int count = 0;
        foreach (ref readonly PlanMember member in MembersOf(plan, item))
        {
            for (int i = 0; i < member.RowCount; i++)
            {
                int row = member.FirstRow + i;
                int partial = partials[row + 1] > partials[row] ? partials[row] + member.State : -1;
                rows[count++] = new UnitRow(row, member.FirstPosition + i, partial);
            }
        }
        return count;
    }

    private static bool Merges(ReadOnlySpan<UnitRow> rows)
    {
        foreach (ref readonly UnitRow row in rows)
        {
            if (row.Partial >= 0) return true;
        }
        return false;
    }

    private static ReadOnlySpan<PlanMember> MembersOf(AttentionPlan plan, in WorkItem item) => plan.Members.Slice(item.FirstMember, item.MemberCount);
}
