using CsCheck;
using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cache;

namespace CudaSearch.Tests.Cache;

/// <summary>A search's passes: sequences decode, fork, are cut back and go, now and then one brings a longer text; every plan is what the long way makes.</summary>
public sealed class PlanOfManyPassesTests
{
    private static readonly AttentionShape s_attention = new(Heads: 8, KvHeads: 2, HeadDim: 64);
    private static readonly PlanLimits s_limits = new(MaxSpanRows: 15, MaxPartials: 400, StateKeys: 8, MinItems: 33);

    private readonly AttentionPlan _plan = new();
    private readonly StepBatch _batch = new();

    [Fact]
    public void EveryPlanIsTheOneMadeTheLongWay() =>
        Gen.Int.Sample(
            seed =>
            {
                var random = new Random(seed);
                using var search = new RandomSearch(random);
                (int StateKeys, int MinItems) wanted = (random.Next(4) switch { 0 => 0, 1 => 2, 2 => 64, _ => 8 }, random.Next(3) switch { 0 => 0, 1 => 33, _ => 300 });
                for (int pass = 0; pass < 40; pass++)
                {
                    search.Step();
                    QuerySpan[] spans = search.Spans();
                    Check(spans, share: random.Next(8) > 0, wanted.StateKeys, wanted.MinItems);
                    // What the device is given does not depend on the passes before either. It has pages of one size.
                    if (search.PageSize == PagePool.PageSize) Assert.Equal(BlockOf(new StepBatch(), spans), BlockOf(_batch, spans));
                }
            },
            iter: 100,
            threads: 1);

    [Fact]
    public void SoAreThoseOfAnyForest() =>
        Gen.Int.Sample(
            seed =>
            {
                using TableForest forest = new(seed);
                foreach (int stateKeys in (ReadOnlySpan<int>)[0, 2, 8, 64])
                    foreach (int minItems in (ReadOnlySpan<int>)[0, 10, 40, 1000])
                        Check(forest.Spans(), share: (stateKeys + minItems) % 3 > 0 || minItems == 0, stateKeys, minItems);
            },
            iter: 300,
            threads: 1);

    private void Check(QuerySpan[] spans, bool share, int stateKeys, int minItems)
    {
        var expected = new RangePlan();
        expected.Build(spans, share, stateKeys, minItems);
        _plan.Build(spans, share, stateKeys, minItems);
        Assert.Equal(expected.Items.ToArray(), _plan.Items.ToArray());
        Assert.Equal(expected.Pages.ToArray(), _plan.Pages.ToArray());
        Assert.Equal(expected.Members.ToArray(), _plan.Members.ToArray());
        Assert.Equal(expected.RowPartials.ToArray(), _plan.RowPartials.ToArray());
        Assert.Equal(expected.PartialKeys.ToArray(), _plan.PartialKeys.ToArray());
        Assert.Equal(expected.PagesWithoutSharing, _plan.PagesWithoutSharing);
        foreach (int unitRows in (ReadOnlySpan<int>)[1, 3, 16]) CheckUnits(expected, unitRows);
    }

    // The longest items first, those of one length in the plan's order, each cut into units of so many rows.
    private void CheckUnits(RangePlan plan, int unitRows)
    {
        List<WorkUnit> units = [];
        List<UnitRow> rows = [];
        foreach (WorkItem item in plan.Items.ToArray().OrderByDescending(item => AttentionPlan.RangesBefore(item.KeyCount)))
        {
            foreach (UnitRow[] unit in RowsOf(plan, item).Chunk(unitRows))
            {
                units.Add(new WorkUnit(item.FirstKey, item.KeyCount, item.FirstPage, rows.Count, unit.Length, unit.Any(row => row.Partial >= 0) ? 1 : 0));
                rows.AddRange(unit);
            }
        }
        WorkUnits.Counts counts = WorkUnits.Count(_plan, unitRows);
        Assert.Equal((units.Count, rows.Count), counts.Total);
        Assert.Equal(rows.Count, _plan.VisitCount);
        Assert.True(units.Count <= WorkUnits.MostUnits(_plan, unitRows));
        (WorkUnit[] writtenUnits, UnitRow[] writtenRows) = (new WorkUnit[units.Count], new UnitRow[rows.Count]);
        WorkUnits.Write(_plan, unitRows, counts, writtenUnits, writtenRows);
        Assert.Equal(units, writtenUnits);
        Assert.Equal(rows, writtenRows);
    }

    private static List<UnitRow> RowsOf(RangePlan plan, WorkItem item)
    {
        List<UnitRow> rows = [];
        foreach (PlanMember member in plan.Members.Slice(item.FirstMember, item.MemberCount))
        {
            for (int row = member.FirstRow; row < member.FirstRow + member.RowCount; row++)
            {
                (int first, int end) = (plan.RowPartials[row], plan.RowPartials[row + 1]);
                rows.Add(new UnitRow(row, member.FirstPosition + row - member.FirstRow, end > first ? first + member.State : -1));
            }
        }
        return rows;
    }

    private static int[] BlockOf(StepBatch batch, QuerySpan[] spans)
    {
        batch.Clear();
        foreach (QuerySpan span in spans) batch.AddSample(batch.AddSequence(new int[span.RowCount], span.FirstPosition, span.Table), default);
        batch.Complete(s_limits, share: true);
        var block = new int[PassBlock.WordsFor(batch, s_attention)];
        return block[..PassBlock.Write(batch, s_attention, block)];
    }

    private sealed class RandomSearch : IDisposable
    {
        private readonly Random _random;
        private readonly PagePool _pool;
        private readonly List<PageTable> _tables = [];
        private readonly List<int> _tokens = [];

        public RandomSearch(Random random)
        {
            _random = random;
            _pool = new PagePool(1 << 14, random.Next(4) > 0 ? PagePool.PageSize : 4 << random.Next(4));
            for (int prompts = random.Next(1, 4); prompts > 0; prompts--) Add(new PageTable(_pool), random.Next(1, 1200));
        }

        public int PageSize => _pool.TokensPerPage;

        public void Step()
        {
            for (int i = 0; i < _tables.Count; i++) _tokens[i] = Append(_tables[i], _random.Next(20) == 0 ? _random.Next(1, 200) : 1);
            for (int forks = _random.Next(6); forks > 0 && _tables.Count < 40; forks--) Add(_tables[_random.Next(_tables.Count)].Fork(), _random.Next(1, 4));
            if (_random.Next(3) == 0) Cut(_random.Next(_tables.Count));
            if (_random.Next(4) == 0 && _tables.Count > 1) Drop(_random.Next(_tables.Count));
        }

        public QuerySpan[] Spans()
        {
            int row = 0;
            var spans = new QuerySpan[_tables.Count];
            for (int i = 0; i < spans.Length; row += _tokens[i++]) spans[i] = new QuerySpan(row, _tokens[i], _tables[i].Length - _tokens[i], _tables[i]);
            return spans;
        }

        public void Dispose()
        {
            _pool.CheckIntegrity(_tables);
            foreach (PageTable table in _tables) table.Dispose();
        }

        private void Add(PageTable table, int tokens)
        {
            int at = _random.Next(_tables.Count + 1);
            _tables.Insert(at, table);
            _tokens.Insert(at, Append(table, tokens));
        }

        private void Cut(int table)
        {
            _tables[table].Truncate(_random.Next(_tables[table].Length));
            _tokens[table] = Append(_tables[table], 1);
        }

        private void Drop(int table)
        {
            _tables[table].Dispose();
            _tables.RemoveAt(table);
            _tokens.RemoveAt(table);
        }

        private static int Append(PageTable table, int tokens)
        {
            Assert.True(table.TryAppend(tokens, out _));
            return tokens;
        }
    }
}
