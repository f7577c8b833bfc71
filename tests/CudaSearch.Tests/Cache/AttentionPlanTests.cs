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
            [(0, 64, 4), (64, 64, 4), (128, 64, 2), (128, 64, 2), (192, 10, 1), (192, 10, 1), (192, 10, 1), (192, 10, 1)],
            _plan.Items.ToArray().Select(item => (item.FirstKey, item.KeyCount, item.MemberCount)));
        Assert.Equal((4 + 4 + 2 * 4 + 4 * 1, 4 * 13), (_plan.DistinctPages, _plan.PagesWithoutSharing));
        Assert.Equal([0, 4, 8, 12, 16], _plan.RowPartials.ToArray());
        PlanChecker.Check(_plan, spans, share: true);
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
        Assert.Equal([2, 1, 1, 1, 1], _plan.Items.ToArray().Select(item => item.MemberCount));
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
        PagePool pool = new(64);
        using PageTable table = new(pool);
        table.TryAppend(150, out _);
        _plan.Build([new(5, 100, 50, table)]);
        Assert.Equal([new(5, 100, 50), new(19, 86, 64), new(83, 22, 128)], _plan.Members.ToArray());
        // Rows 0 to 4 belong to nobody and have no partial state.
        Assert.Equal(0, _plan.RowPartials[5]);
        Assert.Equal((105, 100 + 86 + 22), (_plan.RowCount, _plan.PartialCount));
    }

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
