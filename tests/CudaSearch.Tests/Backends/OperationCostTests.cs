using CudaSearch.Backends;
using CudaSearch.Cache;

namespace CudaSearch.Tests.Backends;

/// <summary>Analytic costs against counts made one element, and one key, at a time.</summary>
public sealed class OperationCostTests
{
    private static readonly AttentionShape s_shape = new(Heads: 6, KvHeads: 2, HeadDim: 8);

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 5, 7)]
    [InlineData(16, 2, 9)]
    public void AProductReadsItsOperandsOnce(int m, int n, int k)
    {
        HashSet<(char, int, int)> elements = [];
        double multiplyAdds = 0;
        for (int row = 0; row < m; row++)
        {
            for (int column = 0; column < n; column++)
            {
                for (int i = 0; i < k; i++)
                {
                    elements.Add(('x', row, i));
                    elements.Add(('w', column, i));
                    multiplyAdds++;
                }
                elements.Add(('y', row, column));
            }
        }
        // Sizes that tell which operand an element belongs to.
        double bytes = elements.Sum(element => element.Item1 switch { 'x' => 2.0, 'w' => 1.03125, _ => 4.0 });
        Assert.Equal(new OperationCost(bytes, 2 * multiplyAdds), OperationCost.OfProduct(m, n, k, inputSize: 2, weightSize: 1.03125, outputBytes: 4.0 * m * n));
    }

    // A trunk of two ranges of keys that sequences share, one sequence by itself, and a long span that the plan may leave out.
    [Theory]
    [InlineData(true, int.MaxValue)]
    [InlineData(false, int.MaxValue)]
    [InlineData(true, 8)]
    [InlineData(false, 8)]
    public void AttentionReadsThePagesOfItsPlan(bool share, int mostPlannedRows)
    {
        var pool = new PagePool(256);
        var batch = new StepBatch();
        List<(PageTable Table, int First, int Rows)> spans = [];
        var trunk = new PageTable(pool);
        Append(trunk, 128);
        for (int i = 0; i < 3; i++)
        {
            PageTable beam = trunk.Fork();
            Append(beam, 3 + 20 * i);
            Add(beam, beam.Length, rows: 1 + i);
        }
        Add(new PageTable(pool), first: 0, rows: 70);
        batch.Complete(new PlanLimits(mostPlannedRows, long.MaxValue, StateKeys: 0, MinItems: 0), share);

        double planned = 0, unplanned = 0, plannedPages = 0, unplannedPages = 0, plannedRows = 0, unplannedRows = 0;
        HashSet<int> seen = [];
        foreach (var (table, first, rows) in spans)
        {
            bool isPlanned = rows <= mostPlannedRows;
            for (int row = 0; row < rows; row++)
            {
                int keys = 0;
                for (int key = 0; key <= first + row; key++) keys++;
                if (isPlanned) planned += keys;
                else unplanned += keys;
            }
            if (isPlanned) plannedRows += rows;
            else unplannedRows += rows;
            foreach (int page in table.Pages[..PagePool.PagesFor(first + rows)])
            {
                if (!isPlanned) unplannedPages++;
                else if (!share || seen.Add(page)) plannedPages++;
            }
        }
        Assert.Equal(Expected(plannedRows, plannedPages, planned), AttentionCost.OfPlanned(batch, s_shape, elementSize: 2, vectorBytes: 32));
        Assert.Equal(Expected(unplannedRows, unplannedPages, unplanned), AttentionCost.OfUnplanned(batch, s_shape, elementSize: 2, vectorBytes: 32));

        void Add(PageTable table, int first, int rows)
        {
            Append(table, rows);
            batch.AddSequence(new int[rows], first, table);
            spans.Add((table, first, rows));
        }
    }

    // For each row and query head: 8 numbers in, 8 out, and for each key 8 multiply-adds with the key and 8 with the value.
    private static OperationCost Expected(double rows, double pages, double keys) => new(rows * 6 * (8 + 8) * 2 + pages * 16 * 2 * (8 + 8) * 4, keys * 6 * (8 + 8) * 2);

    private static void Append(PageTable table, int tokens) => Assert.True(table.TryAppend(tokens, out _));

    [Theory]
    [InlineData(100, 10, 1.0, false)]
    [InlineData(10, 1000, 2.0, true)]
    public void TheFloorIsTheLimitThatBinds(double bytes, double flops, double seconds, bool isComputeBound)
    {
        Ceilings ceilings = new(BytesPerSecond: 100, OperationsPerSecond: 500, "test");
        var cost = new OperationCost(bytes, flops);
        Assert.Equal(seconds, cost.FloorSeconds(ceilings));
        Assert.Equal(isComputeBound, cost.IsComputeBound(ceilings));
    }
}
