using CudaSearch.Cache;

namespace CudaSearch.Tests.Cache;

public sealed class PageTableTests
{
    private readonly PagePool _pool = new(8);

    [Fact]
    public void AppendIsAllOrNothing()
    {
        using PageTable table = TableOf(100);
        Assert.Equal(7, table.Pages.Length);
        Assert.Equal(2, table.PagesToAppend(29));
        Assert.False(table.TryAppend(29, out PageCopy? copy));
        Assert.Null(copy);
        Assert.Equal((100, 7, 1), (table.Length, table.Pages.Length, _pool.FreeCount));
        Assert.True(table.TryAppend(28, out _));
        Assert.Equal((128, 0), (table.Length, _pool.FreeCount));
    }

    [Fact]
    public void ForkSharesAllPages()
    {
        using PageTable table = TableOf(40);
        using PageTable fork = table.Fork();
        Assert.Equal(40, fork.Length);
        Assert.True(table.Pages.SequenceEqual(fork.Pages));
        Assert.Equal(3, _pool.UsedCount);
    }

    [Fact]
    public void TheFirstOfTwoToAppendCopiesTheSharedTail()
    {
        using PageTable table = TableOf(40);
        using PageTable fork = table.Fork();
        int shared = table.Pages[2];

        Assert.Equal(1, fork.PagesToAppend(8));
        Assert.Equal(2, fork.PagesToAppend(9));
        Assert.True(fork.TryAppend(9, out PageCopy? copy));
        Assert.Equal(new PageCopy(shared, fork.Pages[2]), copy);
        Assert.NotEqual(shared, fork.Pages[2]);

        Assert.Equal(0, table.PagesToAppend(8));
        Assert.True(table.TryAppend(8, out copy));
        Assert.Null(copy);
        Assert.Equal(shared, table.Pages[2]);
        _pool.CheckIntegrity([table, fork]);
    }

    [Fact]
    public void AFullSharedTailIsNotCopied()
    {
        using PageTable table = TableOf(32);
        using PageTable fork = table.Fork();
        Assert.True(fork.TryAppend(1, out PageCopy? copy));
        Assert.Null(copy);
        Assert.Equal(3, _pool.UsedCount);
    }

    [Fact]
    public void AppendingNothingCopiesNothing()
    {
        using PageTable table = TableOf(5);
        using PageTable fork = table.Fork();
        Assert.Equal(0, fork.PagesToAppend(0));
        Assert.True(fork.TryAppend(0, out PageCopy? copy));
        Assert.Null(copy);
    }

    [Fact]
    public void ATruncateLeavesASharedPageThatTheNextAppendCopies()
    {
        using PageTable table = TableOf(32);
        using PageTable fork = table.Fork();
        fork.Truncate(20);
        Assert.Equal(2, fork.Pages.Length);
        Assert.True(fork.TryAppend(1, out PageCopy? copy));
        Assert.Equal(new PageCopy(table.Pages[1], fork.Pages[1]), copy);
    }

    [Fact]
    public void ACopyThatFindsNoPageChangesNothing()
    {
        using PageTable table = TableOf(120);
        using PageTable fork = table.Fork();
        Assert.False(fork.TryAppend(1, out _));
        Assert.True(table.Pages.SequenceEqual(fork.Pages));
        _pool.CheckIntegrity([table, fork]);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(16, 1)]
    [InlineData(17, 2)]
    [InlineData(40, 3)]
    public void TruncateGivesBackWhatNoTokenNeeds(int length, int pages)
    {
        using PageTable table = TableOf(40);
        table.Truncate(length);
        Assert.Equal((length, pages, pages), (table.Length, table.Pages.Length, _pool.UsedCount));
    }

    [Fact]
    public void SlotsFollowThePages()
    {
        using PageTable table = TableOf(17);
        Assert.Equal(table.Pages[0] * 16 + 15, table.SlotOf(15));
        Assert.Equal(table.Pages[1] * 16, table.SlotOf(16));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.SlotOf(17));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.SlotOf(-1));
    }

    [Fact]
    public void WrongUseThrows()
    {
        PageTable table = TableOf(17);
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Truncate(18));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.TryAppend(-1, out _));
        Assert.Throws<InvalidOperationException>(() => table.AdoptPrefix([0]));
        table.Dispose();
        table.Dispose();
        Assert.Equal(0, _pool.UsedCount);
        Assert.Throws<ObjectDisposedException>(() => table.TryAppend(1, out _));
        Assert.Throws<ObjectDisposedException>(table.Fork);
    }

    [Fact]
    public void AppendAndTruncateAllocateNothingInSteadyState()
    {
        using PageTable table = TableOf(120);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            table.Truncate(i);
            table.TryAppend(120 - i, out _);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private PageTable TableOf(int tokens)
    {
        PageTable table = new(_pool);
        Assert.True(table.TryAppend(tokens, out _));
        return table;
    }
}
