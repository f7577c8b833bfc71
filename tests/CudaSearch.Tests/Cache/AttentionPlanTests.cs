using CsCheck;
using CudaSearch.Cache;

namespace CudaSearch.Tests.Cache;

public sealed class AttentionPlanTests
{
    private readonly AttentionPlan _plan = new();

    [Fact]
    public void RandomTreesAreCoveredExactlyOnce() =>
        Gen.Int.Sample(
            seed =>
            {
                using TableForest forest = new(seed);
                // The same object plans pass after pass, with and without sharing.
                foreach (bool share in (ReadOnlySpan<bool>)[true, false])
                {
                    QuerySpan[] spans = forest.Spans();
                    _plan.Build(spans, share);
                    PlanChecker.Check(_plan, spans, share);
                }
            },
            iter: 300,
            threads: 1);

    [Fact]
    public void EveryLevelOfATreeIsReadOnce()
    {
        PagePool pool = new(64);
        PageTable root = new(pool);
        root.TryAppend(128, out _);
        List<PageTable> leaves = [];
        for (int i = 0; i < 2; i++)
        {
            PageTable branch = root.Fork();
            branch.TryAppend(64, out _);
            for (int j = 0; j < 2; j++)
            {
                PageTable leaf = branch.Fork();
                leaf.TryAppend(10, out _);
                leaves.Add(leaf);
            }
        }
        QuerySpan[] spans = [.. leaves.Select((leaf, i) => new QuerySpan(i, 1, 201, leaf))];
        _plan.Build(spans);

        Assert.Equal(
            [(0, 128, 4), (128, 64, 2), (128, 64, 2), (192, 10, 1), (192, 10, 1), (192, 10, 1), (192, 10, 1)],
            _plan.Items.ToArray().Select(item => (item.FirstKey, item.KeyCount, item.MemberCount)));
        Assert.Equal((8 + 2 * 4 + 4 * 1, 4 * 13), (_plan.DistinctPages, _plan.PagesWithoutSharing));
        Assert.Equal([0, 3, 6, 9, 12], _plan.RowPartials.ToArray());
        Assert.Equal([0, 128, 192], _plan.PartialKeys[..3].ToArray());
        PlanChecker.Check(_plan, spans, share: true);

        // Three states a row cost more than the 330 keys that each saves by them: everybody reads all of it, and has but one state.
        _plan.Build(spans, stateKeys: 64);
        Assert.Equal([(0, 202, 1), (0, 202, 1), (0, 202, 1), (0, 202, 1)], _plan.Items.ToArray().Select(item => (item.FirstKey, item.KeyCount, item.MemberCount)));
        Assert.Equal(0, _plan.PartialCount);
    }

    [Fact]
    public void ARangeSharedInPartIsVisitedByEach()
    {
        PagePool pool = new(64);
        using PageTable first = new(pool);
        first.TryAppend(100, out _);
        using PageTable second = first.Fork();
        first.TryAppend(60, out _);
        second.TryAppend(60, out _);
        _plan.Build([new(0, 1, 159, first), new(1, 1, 159, second)]);
        Assert.Equal([(0, 64, 2), (64, 64, 1), (64, 64, 1), (128, 32, 1), (128, 32, 1)], _plan.Items.ToArray().Select(item => (item.FirstKey, item.KeyCount, item.MemberCount)));
    }

    [Fact]
    public void EqualTailsGroupOnlyWhereTheyEndTogether()
    {
        PagePool pool = new(64);
        using PageTable table = new(pool);
        table.TryAppend(30, out _);
        using PageTable fork = table.Fork();
        _plan.Build([new(0, 1, 29, table), new(1, 30, 0, fork), new(31, 1, 28, fork)]);
        Assert.Equal([(30, 2), (29, 1)], _plan.Items.ToArray().Select(item => (item.KeyCount, item.MemberCount)));
    }

    [Fact]
    public void APrefillVisitsARangeWithTheRowsThatSeeIt()
    {
        PagePool pool = new(128);
        using PageTable table = new(pool);
        Assert.True(table.TryAppend(1100, out _));
        _plan.Build([new(5, 700, 400, table)]);
        Assert.Equal([new(5, 700, 400, State: 0), new(117, 588, 512, State: 1), new(629, 76, 1024, State: 2)], _plan.Members.ToArray());
        // Rows 0 to 4 belong to nobody; up to 116 one segment is all that a row sees, and needs no place.
        Assert.Equal(0, _plan.RowPartials[117]);
        Assert.Equal((705, 2 * (588 - 76) + 3 * 76), (_plan.RowCount, _plan.PartialCount));
    }

    // The 64 x 4 tree of a beam search: trunks that end where segments do leave a state a segment; every page is read once.
    [Fact]
    public void ATreeOfThreeLevelsIsReadOnceWithAStateASegment()
    {
        const int Prefix = 512, Trunk = 512, Own = 56, Parents = 64, Children = 4;
        PagePool pool = new(8192);
        PageTable root = Grown(new PageTable(pool), Prefix);
        PageTable[] leaves = [.. Enumerable.Range(0, Parents).Select(_ => Grown(root.Fork(), Trunk))
            .SelectMany(trunk => Enumerable.Range(0, Children).Select(_ => Grown(trunk.Fork(), Own)))];
        _plan.Build(Decodes(leaves), stateKeys: 8, minItems: 33);
        PlanChecker.Check(_plan, Decodes(leaves), share: true);
        Assert.Equal((1 + Parents + Parents * Children, 3 * leaves.Length), (_plan.Items.Length, _plan.PartialCount));
        Assert.Equal(leaves.SelectMany(leaf => leaf.Pages.ToArray()).Distinct().Count(), _plan.DistinctPages);
    }

    // Trunks of 200 tokens end within a range, which their children then read for themselves; what is behind it belongs to no run.
    [Fact]
    public void WhereBranchesPartWithinARangeEachReadsIt()
    {
        const int Prefix = 512, Trunk = 200, Own = 56, Parents = 64, Children = 4;
        PagePool pool = new(8192);
        PageTable root = Grown(new PageTable(pool), Prefix);
        PageTable[] leaves = [.. Enumerable.Range(0, Parents).Select(_ => Grown(root.Fork(), Trunk))
            .SelectMany(trunk => Enumerable.Range(0, Children).Select(_ => Grown(trunk.Fork(), Own)))];
        _plan.Build(Decodes(leaves), stateKeys: 8, minItems: 33);
        PlanChecker.Check(_plan, Decodes(leaves), share: true);
        // The prefix, three ranges of each trunk, and the last of every leaf.
        Assert.Equal((1 + Parents + Parents * Children, 3 * leaves.Length), (_plan.Items.Length, _plan.PartialCount));
        Assert.Equal(Prefix / 16 + Parents * 12 + leaves.Length * 4, _plan.DistinctPages);
    }

    // Of rows that share a prefix and have 256 tokens of their own. As many states as there are segments, where otherwise there is one a range; more where few
    // rows would leave a large device idle.
    [Theory]
    [InlineData(16, 512, 10)]
    [InlineData(64, 512, 2)]
    [InlineData(256, 512, 2)]
    [InlineData(16, 2048, 21)]
    [InlineData(64, 2048, 5)]
    [InlineData(256, 2048, 5)]
    public void StatesAreAFractionOfTheRanges(int rows, int prefix, int statesOfRow)
    {
        const int Own = 256;
        PageTable root = Grown(new PageTable(new PagePool(8192)), prefix);
        QuerySpan[] spans = Decodes([.. Enumerable.Range(0, rows).Select(_ => Grown(root.Fork(), Own))]);
        _plan.Build(spans, stateKeys: 8, minItems: 33);
        int ranges = rows * (prefix + Own) / AttentionPlan.RangeLength;
        foreach ((string model, int heads, int kvHeads, int headDim) in new[] { ("1B", 32, 8, 64), ("8B", 32, 8, 128) })
        {
            double keys = _plan.DistinctPages * 16.0 * kvHeads * headDim * 4, state = heads * (headDim + 2) * 4 * 2.0;
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{model}, {rows} rows, prefix {prefix}: keys and values {keys / 1e6:F1} MB a layer, states {ranges * state / 1e6:F1} -> {_plan.PartialCount * state / 1e6:F1} MB, {_plan.Items.Length} items");
        }
        Assert.Equal(rows * statesOfRow, _plan.PartialCount);
        Assert.Equal((prefix + rows * Own) / 16, _plan.DistinctPages);
    }

    [Fact]
    public void RunsAreCutUntilThereAreItemsEnough()
    {
        using PageTable table = Grown(new PageTable(new PagePool(64)), 1000);
        QuerySpan[] spans = Decodes(table);
        foreach ((int wanted, int items) in new[] { (0, 2), (2, 2), (3, 10), (10, 10), (11, 14), (15, 16), (99, 16) })
        {
            _plan.Build(spans, minItems: wanted);
            Assert.Equal(items, _plan.Items.Length);
            PlanChecker.Check(_plan, spans, share: true);
        }
    }

    // Against every way of sharing all or nothing, on trees nobody thought of.
    [Fact]
    public void NoPlanCostsMoreThanSharingAllOrNothing() =>
        Gen.Int.Sample(
            seed =>
            {
                using TableForest forest = new(seed);
                QuerySpan[] spans = [.. forest.Spans().Where(span => span.RowCount > 0).Select(span => span with { RowCount = 1, FirstPosition = span.End - 1 })];
                foreach (int stateKeys in (ReadOnlySpan<int>)[2, 8, 64])
                {
                    _plan.Build(spans, share: false);
                    long nothing = PlanChecker.CostOf(_plan, stateKeys);
                    _plan.Build(spans);
                    long all = PlanChecker.CostOf(_plan, stateKeys);
                    _plan.Build(spans, stateKeys: stateKeys);
                    Assert.True(PlanChecker.CostOf(_plan, stateKeys) <= Math.Min(all, nothing));
                }
            },
            iter: 300,
            threads: 1);

    private static PageTable Grown(PageTable table, int tokens)
    {
        Assert.True(table.TryAppend(tokens, out _));
        return table;
    }

    private static QuerySpan[] Decodes(params PageTable[] tables) => [.. tables.Select((table, row) => new QuerySpan(row, 1, table.Length - 1, table))];

    [Fact]
    public void ManyMoreRangesThanSpansArePlanned()
    {
        using PageTable table = new(new PagePool(700));
        table.TryAppend(11_000, out _);
        QuerySpan[] spans = [new(0, 2, 10_998, table)];
        _plan.Build(spans);
        PlanChecker.Check(_plan, spans, share: true);
    }

    [Fact]
    public void NothingToDoIsAnEmptyPlan()
    {
        using PageTable table = new(new PagePool(1));
        _plan.Build([new(0, 0, 0, table)]);
        Assert.Equal((0, 0, 0, 0), (_plan.Items.Length, _plan.PartialCount, _plan.RowCount, _plan.DistinctPages));
    }

    [Fact]
    public void WrongSpansAreRefused()
    {
        using PageTable table = new(new PagePool(4));
        table.TryAppend(20, out _);
        Refused("its table holds 20 tokens only", new QuerySpan(0, 2, 19, table));
        Refused("its table holds 20 tokens only", new QuerySpan(0, int.MaxValue, 10, table));
        Refused("may not be negative", new QuerySpan(-1, 1, 0, table));
        Refused("row 1 is in another span as well", new QuerySpan(0, 2, 0, table), new QuerySpan(1, 1, 0, table));

        void Refused(string reason, params QuerySpan[] spans) =>
            Assert.Contains(reason, Assert.Throws<ArgumentException>(() => _plan.Build(spans)).Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TheSecondBuildAllocatesNothing(bool share)
    {
        using TableForest forest = new(7);
        QuerySpan[] spans = forest.Spans();
        _plan.Build(spans, share);
        long before = GC.GetAllocatedBytesForCurrentThread();
        _plan.Build(spans, share);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
