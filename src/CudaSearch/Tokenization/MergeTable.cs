using System.Buffers;

namespace CudaSearch.Tokenization;

/// <summary>
/// The merges of a BPE model and the loop that applies them: the pair of lowest rank first, of equal ones the leftmost. O(n log n), so
/// that a word of 100,000 symbols is no trap.
/// </summary>
/// <remarks>
/// Our own instead of Microsoft.ML.Tokenizers' BpeTokenizer, because that one has no <c>ignore_merges</c>, which Llama-3 needs, and
/// its TiktokenTokenizer takes vocabulary membership for a merge, which is wrong for a file whose merges do not build every token.
/// </remarks>
internal sealed class MergeTable
{
    private const int None = -1;
    private readonly Dictionary<ulong, (int Rank, int Id)> _merges;

    public MergeTable(int capacity) => _merges = new(capacity);

    /// <summary>Adds the merge of this rank. The last of equal pairs counts, as in the reference implementation.</summary>
    public void Add(int left, int right, int rank, int merged) => _merges[Pair(left, right)] = (rank, merged);

    /// <summary>Merges in place.</summary>
    /// <param name="symbols">[n] token ids of single symbols; the first of them are overwritten by the result.</param>
    /// <returns>How many tokens are left.</returns>
    public int Merge(Span<int> symbols)
    {
        if (symbols.Length < 2 || _merges.Count == 0) return symbols.Length;
        int[] links = ArrayPool<int>.Shared.Rent(2 * symbols.Length);
        // next[i], previous[i]: the neighbours of symbol i among those still there; a symbol that was merged away is None in symbols.
        Span<int> next = links.AsSpan(0, symbols.Length), previous = links.AsSpan(symbols.Length, symbols.Length);
        PriorityQueue<(int At, int Merged), long> queue = new();
        for (int i = 0; i < symbols.Length; i++)
        {
            previous[i] = i - 1;
            next[i] = i + 1 < symbols.Length ? i + 1 : None;
            if (next[i] != None) Offer(symbols, i, i + 1, queue);
        }
        while (queue.TryDequeue(out (int At, int Merged) merge, out _))
        {
            int at = merge.At, gone = symbols[at] == None ? None : next[at];
            // An offer is stale once either symbol took part in another merge.
            if (gone == None || !TryFind(symbols[at], symbols[gone], out (int Rank, int Id) current) || current.Id != merge.Merged) continue;
            symbols[at] = merge.Merged;
            symbols[gone] = None;
            next[at] = next[gone];
            if (next[at] != None)
            {
                previous[next[at]] = at;
                Offer(symbols, at, next[at], queue);
            }
            if (previous[at] != None) Offer(symbols, previous[at], at, queue);
        }
        int kept = 0;
        foreach (int id in symbols)
            if (id != None) symbols[kept++] = id;
        ArrayPool<int>.Shared.Return(links);
        return kept;
    }

    private void Offer(ReadOnlySpan<int> symbols, int left, int right, PriorityQueue<(int At, int Merged), long> queue)
    {
        if (TryFind(symbols[left], symbols[right], out (int Rank, int Id) merge))
            queue.Enqueue((left, merge.Id), ((long)merge.Rank << 32) | (uint)left);
    }

    private bool TryFind(int left, int right, out (int Rank, int Id) merge) => _merges.TryGetValue(Pair(left, right), out merge);

    private static ulong Pair(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;
}
