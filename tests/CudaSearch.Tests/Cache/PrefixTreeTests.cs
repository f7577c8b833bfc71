using CudaSearch.Cache;

namespace CudaSearch.Tests.Cache;

public sealed class PrefixTreeTests
{
    private readonly PagePool _pool = new(16);

    // The constructor with one bucket makes every lookup walk over colliding nodes.
    public static TheoryData<int> BucketCounts => [1, 16];

    [Theory]
    [MemberData(nameof(BucketCounts))]
    public void ANewSequenceTakesItsLongestCachedPrefix(int buckets)
    {
        PrefixTree tree = new(_pool, Eviction.Lru, buckets);
        int[] tokens = [.. Enumerable.Range(0, 70)];
        using PageTable first = Computed(tree, tokens);
        Assert.Equal(4, tree.CachedPages);

        int[] similar = [.. tokens[..40], .. Enumerable.Repeat(-1, 40)];
        using PageTable second = new(_pool);
        Assert.Equal(32, tree.Match(similar, second));
        Assert.True(first.Pages[..2].SequenceEqual(second.Pages));
        _pool.CheckIntegrity([first, second], tree);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(16, 0)]
    [InlineData(17, 16)]
    [InlineData(32, 16)]
    [InlineData(33, 32)]
    public void OneTokenAlwaysRemains(int asked, int matched)
    {
        PrefixTree tree = new(_pool);
        int[] tokens = new int[64];
        using PageTable first = Computed(tree, tokens);
        using PageTable second = new(_pool);
        Assert.Equal(matched, tree.Match(tokens.AsSpan(0, asked), second));
        Assert.Equal(matched, second.Length);
    }

    [Fact]
    public void TheSameTokensAfterAnotherPrefixAreAnotherPage()
    {
        PrefixTree tree = new(_pool);
        int[] page = [.. Enumerable.Range(0, 16)];
        int[] other = [.. Enumerable.Range(100, 16)];
        using PageTable first = Computed(tree, [.. page, .. page]);
        using PageTable second = new(_pool);
        Assert.Equal(0, tree.Match([.. other, .. page, 0], second));
        Assert.Equal(2, tree.CachedPages);
    }

    [Fact]
    public void AnExistingPageStays()
    {
        PrefixTree tree = new(_pool);
        int[] tokens = [.. Enumerable.Range(0, 32)];
        using PageTable first = Computed(tree, tokens);
        using PageTable twin = Computed(tree, tokens);
        Assert.Equal(2, tree.CachedPages);
        using PageTable third = new(_pool);
        tree.Match([.. tokens, 0], third);
        Assert.True(first.Pages.SequenceEqual(third.Pages));
        _pool.CheckIntegrity([first, twin, third], tree);
    }

    [Fact]
    public void OnlyPagesOfKnownTokensAreKept()
    {
        PrefixTree tree = new(_pool);
        using PageTable table = new(_pool);
        Assert.True(table.TryAppend(50, out _));
        tree.Insert(new int[33], table);
        Assert.Equal(2, tree.CachedPages);
    }

    [Fact]
    public void TheOwnerOfACachedPageCopiesBeforeItOverwrites()
    {
        PrefixTree tree = new(_pool);
        using PageTable table = Computed(tree, new int[32]);
        int cached = table.Pages[1];
        table.Truncate(20);
        Assert.True(table.TryAppend(1, out PageCopy? copy));
        Assert.Equal(new PageCopy(cached, table.Pages[1]), copy);
    }

    [Fact]
    public void EvictsTheLeastRecentlyUsedLeafFirst()
    {
        PrefixTree tree = new(_pool);
        int[] common = new int[16];
        int[] a = [.. common, .. Enumerable.Repeat(1, 16), 0];
        int[] b = [.. common, .. Enumerable.Repeat(2, 16), 0];
        Computed(tree, a).Dispose();
        Computed(tree, b).Dispose();
        using (PageTable again = new(_pool)) Assert.Equal(32, tree.Match(a, again));

        Assert.Equal(1, tree.Evict(1));
        Assert.Equal(16, MatchedLength(tree, b));
        Assert.Equal(32, MatchedLength(tree, a));
        Assert.Equal(2, tree.Evict(10));
        Assert.Equal((0, 0), (tree.CachedPages, _pool.UsedCount));
    }

    [Fact]
    public void NeverEvictsWhatATableUses()
    {
        PrefixTree tree = new(_pool);
        using PageTable table = Computed(tree, new int[64]);
        Assert.Equal(0, tree.Evict(4));
        table.Truncate(32);
        Assert.Equal(2, tree.Evict(4));
        Assert.Equal(2, tree.CachedPages);
        tree.Clear();
        Assert.Equal((0, 2), (tree.CachedPages, _pool.UsedCount));
    }

    [Fact]
    public void WrongUseThrows()
    {
        PrefixTree tree = new(_pool);
        using PageTable foreign = new(new PagePool(1));
        using PageTable filled = Computed(tree, new int[32]);
        Assert.Throws<InvalidOperationException>(() => tree.Match([1, 2], foreign));
        Assert.Throws<InvalidOperationException>(() => tree.Insert([1, 2], foreign));
        Assert.Throws<InvalidOperationException>(() => tree.Match(new int[40], filled));
    }

    [Fact]
    public void AllocatesNothingInSteadyState()
    {
        PrefixTree tree = new(_pool);
        int[] tokens = new int[129];
        using PageTable table = new(_pool);
        long before = 0;
        for (int round = 0; round < 20; round++)
        {
            if (round == 2) before = GC.GetAllocatedBytesForCurrentThread();
            tokens[round * 5] = round;
            tree.Evict(_pool.PageCount - 9);
            int matched = tree.Match(tokens, table);
            table.TryAppend(tokens.Length - matched, out _);
            tree.Insert(tokens, table);
            table.Clear();
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private int MatchedLength(PrefixTree tree, int[] tokens)
    {
        using PageTable table = new(_pool);
        return tree.Match(tokens, table);
    }

    private PageTable Computed(PrefixTree tree, int[] tokens)
    {
        PageTable table = new(_pool);
        Assert.True(table.TryAppend(tokens.Length, out _));
        tree.Insert(tokens, table);
        return table;
    }
}
