using CudaSearch.Cache;

namespace CudaSearch.Engine;

/// <summary>Counts the distinct pages of a scope's sequences, and those they would have if none were shared.</summary>
internal sealed class PageCensus(int pages)
{
    private readonly long[] _lastCount = new long[pages];
    private long _count;

    public void Count(Usage usage)
    {
        _count++;
        int distinct = 0, withoutSharing = 0;
        foreach (Sequence sequence in usage.Live)
        {
            // A twin's pages are its leader's for the time of a pass.
            PageTable table = (sequence.Request?.Leader?.Sequence ?? sequence).Table;
            withoutSharing += PagePool.PagesFor(table.Length) * sequence.Owners;
            foreach (int page in table.Pages)
            {
                if (_lastCount[page] == _count) continue;
                _lastCount[page] = _count;
                distinct++;
            }
        }
        usage.PagesPeak = Math.Max(usage.PagesPeak, distinct);
        usage.PagesPeakWithoutSharing = Math.Max(usage.PagesPeakWithoutSharing, withoutSharing);
    }
}
