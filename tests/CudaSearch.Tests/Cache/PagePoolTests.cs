using CudaSearch.Cache;

namespace CudaSearch.Tests.Cache;

public sealed class PagePoolTests
{
    [Fact]
    public void GivesEveryPageOnceAndNeverGrows()
    {
        PagePool pool = new(5);
        HashSet<int> pages = [];
        for (int i = 0; i < 5; i++)
        {
            Assert.True(pool.TryAllocate(out int page));
            Assert.True(pages.Add(page));
            Assert.InRange(page, 0, 4);
        }
        Assert.False(pool.TryAllocate(out int none));
        Assert.Equal(-1, none);
        Assert.Equal((0, 5, 5), (pool.FreeCount, pool.UsedCount, pool.PageCount));
    }

    [Fact]
    public void APageIsFreeAfterItsLastReference()
    {
        PagePool pool = new(2);
        Assert.True(pool.TryAllocate(out int page));
        pool.AddReference(page);
        Assert.Equal(2, pool.ReferenceCount(page));
        pool.Release(page);
        Assert.Equal(1, pool.UsedCount);
        pool.Release(page);
        Assert.Equal((0, 2), (pool.ReferenceCount(page), pool.FreeCount));
    }

    [Fact]
    public void PeakIsTheHighestUseSinceItsReset()
    {
        PagePool pool = new(4);
        for (int i = 0; i < 3; i++) Assert.True(pool.TryAllocate(out _));
        pool.Release(0);
        pool.Release(1);
        Assert.Equal(3, pool.PeakUsed);
        pool.ResetPeak();
        Assert.Equal(1, pool.PeakUsed);
        Assert.True(pool.TryAllocate(out _));
        Assert.Equal(2, pool.PeakUsed);
    }

    [Fact]
    public void WrongUseThrows()
    {
        PagePool pool = new(2);
        Assert.Throws<ArgumentOutOfRangeException>(() => new PagePool(0));
        Assert.Throws<InvalidOperationException>(() => pool.Release(0));
        Assert.Throws<InvalidOperationException>(() => pool.AddReference(1));
        Assert.Throws<InvalidOperationException>(() => pool.Release(2));
        Assert.Throws<InvalidOperationException>(() => pool.ReferenceCount(-1));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(16, 1)]
    [InlineData(17, 2)]
    [InlineData(int.MaxValue, 134217728)]
    public void PagesForRoundsUp(int tokens, int pages) => Assert.Equal(pages, PagePool.PagesFor(tokens));

    [Fact]
    public void IntegrityNamesThePageNobodyKnows()
    {
        PagePool pool = new(3);
        Assert.True(pool.TryAllocate(out int page));
        string message = Assert.Throws<InvalidOperationException>(() => pool.CheckIntegrity([])).Message;
        Assert.Contains($"page {page} has 1 references, but 0 tables and 0 tree nodes name it", message);
    }

    [Fact]
    public void IntegrityNamesAReferenceTooMany()
    {
        PagePool pool = new(3);
        using PageTable table = new(pool);
        Assert.True(table.TryAppend(20, out _));
        pool.CheckIntegrity([table]);
        pool.AddReference(table.Pages[1]);
        string message = Assert.Throws<InvalidOperationException>(() => pool.CheckIntegrity([table])).Message;
        Assert.Contains($"page {table.Pages[1]} has 2 references, but 1 tables", message);
    }

    [Fact]
    public void IntegrityFindsAPageUnderATableAndFree()
    {
        PagePool pool = new(3);
        PageTable table = new(pool);
        Assert.True(table.TryAppend(20, out _));
        pool.Release(table.Pages[0]);
        Assert.Throws<InvalidOperationException>(() => pool.CheckIntegrity([table]));
    }

    [Fact]
    public void IntegrityFindsAPageAtTwoPositions()
    {
        PagePool pool = new(3);
        using PageTable table = new(pool);
        using PageTable other = new(pool);
        Assert.True(table.TryAppend(32, out _));
        other.AdoptPrefix(table.Pages[1..]);
        string message = Assert.Throws<InvalidOperationException>(() => pool.CheckIntegrity([table, other])).Message;
        Assert.Contains("is page number 1 of one holder, but number 0 of table 1", message);
    }
}
