using CsCheck;
using CudaSearch.Cache;

namespace CudaSearch.Tests.Cache;

/// <summary>A search's passes: sequences decode, fork, are cut back and go, now and then one brings a longer text; every plan is what the long way makes.</summary>
public sealed class PlanOfManyPassesTests
{
    private readonly AttentionPlan _plan = new();

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
