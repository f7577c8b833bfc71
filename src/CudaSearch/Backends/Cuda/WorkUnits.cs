using System.Runtime.CompilerServices;
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

    /// <summary>Units and rows by the ranges of their items, the longest first.</summary>
    [InlineArray(AttentionPlan.SegmentRanges)]
    public struct Counts
    {
        private (int Units, int Rows) _first;

        /// <summary>All units, and all rows.</summary>
        public readonly (int Units, int Rows) Total
        {
            get
            {
                (int units, int rows) = (0, 0);
                foreach ((int ofRange, int rowsOfRange) in this) (units, rows) = (units + ofRange, rows + rowsOfRange);
                return (units, rows);
            }
        }
    }

    /// <summary>At least as many units as <see cref="Write"/> makes.</summary>
    public static int MostUnits(AttentionPlan plan, int unitRows) => plan.Items.Length + plan.VisitCount / unitRows;

    /// <summary>How many units and rows <see cref="Write"/> makes.</summary>
    /// <param name="plan">Built.</param>
    /// <param name="unitRows">Rows a unit may have.</param>
    public static Counts Count(AttentionPlan plan, int unitRows)
    {
        Counts counts = default;
        foreach (ref readonly WorkItem item in plan.Items)
        {
            int rows = 0;
            foreach (ref readonly PlanMember member in MembersOf(plan, item)) rows += member.RowCount;
            ref (int Units, int Rows) count = ref counts[Place(item)];
            count.Units += (rows + unitRows - 1) / unitRows;
            count.Rows += rows;
        }
        return counts;
    }

    /// <summary>Writes all units and their rows.</summary>
    /// <param name="plan">Built.</param>
    /// <param name="unitRows">Rows a unit may have.</param>
    /// <param name="counts">What <see cref="Count"/> says.</param>
    /// <param name="units">As many.</param>
    /// <param name="rows">Likewise.</param>
    public static void Write(AttentionPlan plan, int unitRows, in Counts counts, Span<WorkUnit> units, Span<UnitRow> rows)
    {
        // Where the next unit of so many ranges goes, and its rows.
        Counts next = default;
        for (int i = 1; i < AttentionPlan.SegmentRanges; i++) next[i] = (next[i - 1].Units + counts[i - 1].Units, next[i - 1].Rows + counts[i - 1].Rows);
        ReadOnlySpan<int> partials = plan.RowPartials;
        foreach (ref readonly WorkItem item in plan.Items)
        {
            ref (int Unit, int Row) to = ref next[Place(item)];
            int first = to.Row;
            bool merges = false;
            foreach (ref readonly PlanMember member in MembersOf(plan, item))
            {
                for (int i = 0; i < member.RowCount; i++)
                {
                    if (to.Row == first + unitRows)
                    {
                        units[to.Unit++] = Unit(item, first, to.Row, merges);
                        (first, merges) = (to.Row, false);
                    }
                    int row = member.FirstRow + i;
                    bool hasPartial = partials[row + 1] > partials[row];
                    merges |= hasPartial;
                    rows[to.Row++] = new UnitRow(row, member.FirstPosition + i, hasPartial ? partials[row] + member.State : -1);
                }
            }
            units[to.Unit++] = Unit(item, first, to.Row, merges);
        }
    }

    private static WorkUnit Unit(in WorkItem item, int first, int end, bool merges) =>
        new(item.FirstKey, item.KeyCount, item.FirstPage, first, end - first, merges ? 1 : 0);

    private static int Place(in WorkItem item) => AttentionPlan.SegmentRanges - AttentionPlan.RangesBefore(item.KeyCount);

    private static ReadOnlySpan<PlanMember> MembersOf(AttentionPlan plan, in WorkItem item) => plan.Members.Slice(item.FirstMember, item.MemberCount);
}
