using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;

namespace CudaSearch.Tokenization;

/// <summary>Byte-level BPE: words by the split pattern, each as UTF-8, bytes merged by rank.</summary>
internal sealed class ByteLevelModel : TextModel
{
    private const int LongestCachedWord = 64;
    private const int MostCachedWords = 1 << 16;

    private readonly TokenTable _tokens;
    private readonly MergeTable _merges;
    private readonly PreTokenizer _words;
    private readonly bool _composes;
    private readonly bool _takesWholeWords;
    private readonly int[] _byteIds;
    private readonly ConcurrentDictionary<string, int[]> _cache = new();
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _cacheBySpan;
    private int _cached;

    /// <param name="tokens">The vocabulary.</param>
    /// <param name="merges">Its merges.</param>
    /// <param name="words">The split pattern.</param>
    /// <param name="byteIds">[256] the token of each single byte.</param>
    /// <param name="composes">Whether text is brought into Unicode's form C first (Qwen2).</param>
    /// <param name="takesWholeWords"><c>ignore_merges</c>: a word that is in the vocabulary is that token, whatever merges would make of it.</param>
    public ByteLevelModel(TokenTable tokens, MergeTable merges, PreTokenizer words, int[] byteIds, bool composes, bool takesWholeWords)
    {
        _tokens = tokens;
        _merges = merges;
        _words = words;
        _byteIds = byteIds;
        _composes = composes;
        _takesWholeWords = takesWholeWords;
        _cacheBySpan = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public override string Normalize(string text) => _composes ? Nfc.Compose(text) : text;

    public override void Encode(string normalized, List<int> ids) =>
        _words.Split(normalized, (Model: this, Ids: ids), static (word, to) => to.Model.EncodeWord(word, to.Ids));

    private void EncodeWord(ReadOnlySpan<char> word, List<int> ids)
    {
        if (_cacheBySpan.TryGetValue(word, out int[]? known))
        {
            ids.AddRange(known);
            return;
        }
        int start = ids.Count;
        MergeWord(word, ids);
        if (word.Length > LongestCachedWord) return;
        if (Interlocked.Increment(ref _cached) > MostCachedWords)
        {
            // Words follow Zipf's law: what was worth keeping is back at once.
            _cache.Clear();
            _cached = 0;
        }
        _cacheBySpan[word] = CollectionsMarshal.AsSpan(ids)[start..].ToArray();
    }

    private void MergeWord(ReadOnlySpan<char> word, List<int> ids)
    {
        byte[] utf8 = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(word.Length));
        ReadOnlySpan<byte> bytes = utf8.AsSpan(0, Encoding.UTF8.GetBytes(word, utf8));
        if (_takesWholeWords && TryFindWord(bytes, out int whole))
        {
            ids.Add(whole);
        }
        else
        {
            int start = ids.Count;
            CollectionsMarshal.SetCount(ids, start + bytes.Length);
            Span<int> symbols = CollectionsMarshal.AsSpan(ids)[start..];
            for (int i = 0; i < bytes.Length; i++) symbols[i] = _byteIds[bytes[i]];
            CollectionsMarshal.SetCount(ids, start + _merges.Merge(symbols));
        }
        ArrayPool<byte>.Shared.Return(utf8);
    }

    private bool TryFindWord(ReadOnlySpan<byte> bytes, out int id)
    {
        char[] spelling = ArrayPool<char>.Shared.Rent(bytes.Length);
        for (int i = 0; i < bytes.Length; i++) spelling[i] = ByteSymbols.Of(bytes[i]);
        bool found = _tokens.TryFindWord(spelling.AsSpan(0, bytes.Length), out id);
        ArrayPool<char>.Shared.Return(spelling);
        return found;
    }
}
