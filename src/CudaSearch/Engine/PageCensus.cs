using CudaSearch.Cache;

namespace CudaSearch.Engine;

/// <summary>Counts the distinct pages of a scope's sequences, and those they would have if none were shared.</summary>
internal sealed class PageCensus(PagePool pool)
{
    private readonly long[] _lastCount = new long[pool.PageCount];
    private long _count;

    public void Count(Usage usage)
    {
        (int distinct, int withoutSharing) = Count(usage.Live);
        usage.PagesPeak = Math.Max(usage.PagesPeak, distinct);
        usage.PagesPeakWithoutSharing = Math.Max(usage.PagesPeakWithoutSharing, withoutSharing);
    }

    /// <summary>The distinct pages of these sequences, and how many they would be if none were shared.</summary>
    public (int Distinct, int WithoutSharing) Count(IReadOnlyList<Sequence> sequences)
    {
        _count++;
        int distinct = 0, withoutSharing = 0;
        ReadOnlySpan<int> before = [];
        foreach (Sequence sequence in sequences)
        {
            // A twin's pages are its leader's for the time of a pass.
            PageTable table = (sequence.Request?.Leader?.Sequence ?? sequence).Table;
            withoutSharing += pool.PagesToHold(table.Length) * sequence.Owners;
            // What the table before it begins with as well was counted there.
            ReadOnlySpan<int> pages = table.Pages;
            foreach (int page in pages[pages.CommonPrefixLength(before)..])
            {
                if (_lastCount[page] == _count) continue;
                _lastCount[page] = _count;
                distinct++;
            }
            before = pages;
        }
        return (distinct, withoutSharing);
    }
}
