using System.Runtime.InteropServices;
using CudaSearch.Cache;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>
/// The pass block of tests of attention, projections and page copies, laid out from <c>kernels/common/pass.cuh</c> alone: a mistake of the
/// engine's own writer cannot hide a kernel's.
/// </summary>
internal sealed class AttendPass
{
    private const int HeaderWords = 23;

    private readonly List<int> _tiles = [];
    private readonly List<int> _tilePages = [];

    /// <summary>Rows of the pass.</summary>
    public int Rows { get; init; }

    /// <summary>Position of each row.</summary>
    public int[] Positions { get; init; } = [];

    /// <summary>Where each row's key and value go: page * 16 + offset.</summary>
    public int[] Slots { get; init; } = [];

    /// <summary>Page copies, in order.</summary>
    public PageCopy[] Copies { get; init; } = [];

    /// <summary>Tiles added so far.</summary>
    public int TileCount => _tiles.Count / 4;

    /// <summary>What goes through items.</summary>
    public AttentionPlan Plan { get; } = new();

    /// <summary>Cuts a span into tiles.</summary>
    public void AddTiles(QuerySpan span, int tileRows)
    {
        for (int first = 0; first < span.RowCount; first += tileRows)
        {
            int rows = Math.Min(tileRows, span.RowCount - first);
            _tiles.AddRange([span.FirstRow + first, rows, span.FirstPosition + first, _tilePages.Count]);
        }
        _tilePages.AddRange(span.Table.Pages);
    }

    /// <summary>The block. Sections that nobody should read start nowhere.</summary>
    /// <param name="unitRows">Rows that a unit of the plan may have.</param>
    public int[] ToWords(int unitRows = 1)
    {
        List<int> units = [], rowsOfUnits = [];
        foreach (WorkItem item in Plan.Items) AddUnits(item, unitRows, units, rowsOfUnits);
        List<int> words = [.. Enumerable.Repeat(0, 7), .. Enumerable.Repeat(int.MaxValue, HeaderWords - 7)];
        (words[0], words[4], words[5], words[6]) = (Rows, Copies.Length, units.Count / 6, TileCount);
        Add(8, Positions);
        Add(9, Slots);
        Add(14, Words<PageCopy>(Copies));
        Add(15, CollectionsMarshal.AsSpan(units));
        Add(16, Plan.Pages);
        Add(17, CollectionsMarshal.AsSpan(rowsOfUnits));
        // Rows beyond the plan's last have no partial states.
        Add(18, [.. Plan.RowPartials, .. Enumerable.Repeat(Plan.PartialCount, Math.Max(0, Rows - Plan.RowCount))]);
        Add(19, Plan.PartialKeys);
        Add(20, CollectionsMarshal.AsSpan(_tiles));
        Add(21, CollectionsMarshal.AsSpan(_tilePages));
        return [.. words];

        void Add(int section, ReadOnlySpan<int> values)
        {
            words[section] = words.Count;
            words.AddRange(values);
        }
    }

    // In the plan's order: no result may depend on it.
    private void AddUnits(WorkItem item, int unitRows, List<int> units, List<int> rows)
    {
        (int Row, int Position, int State)[] visitors = [.. Plan.Members.Slice(item.FirstMember, item.MemberCount).ToArray()
            .SelectMany(m => Enumerable.Range(0, m.RowCount).Select(i => (m.FirstRow + i, m.FirstPosition + i, m.State)))];
        foreach ((int Row, int Position, int State)[] unit in visitors.Chunk(unitRows))
        {
            bool merges = false;
            int first = rows.Count / 3;
            foreach ((int row, int position, int state) in unit)
            {
                bool alone = Plan.RowPartials[row] == Plan.RowPartials[row + 1];
                rows.AddRange([row, position, alone ? -1 : Plan.RowPartials[row] + state]);
                merges |= !alone;
            }
            units.AddRange([item.FirstKey, item.KeyCount, item.FirstPage, first, unit.Length, merges ? 1 : 0]);
        }
    }

    private static int[] Words<T>(ReadOnlySpan<T> records)
        where T : unmanaged => MemoryMarshal.Cast<T, int>(records).ToArray();
}
