namespace CudaSearch.Tokenization;

/// <summary>What every id stands for.</summary>
internal sealed class TokenTable
{
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _idsBySpan;
    private readonly byte[]?[] _bytes;
    private readonly HashSet<int> _added = [];
    private readonly HashSet<int> _special = [];

    // [byte]: made when first asked for; a second thread that asks at that moment makes it as well.
    private readonly bool[]?[] _with = new bool[256][];

    /// <param name="vocabulary">Spelling → id, added tokens included.</param>
    /// <param name="bytes">[id] → the bytes it stands for; null where there is no such id.</param>
    /// <param name="added">The added tokens among them.</param>
    public TokenTable(Dictionary<string, int> vocabulary, byte[]?[] bytes, IEnumerable<AddedToken> added)
    {
        _ids = vocabulary;
        _idsBySpan = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        _bytes = bytes;
        foreach (AddedToken token in added)
        {
            _added.Add(token.Id);
            if (token.Special) _special.Add(token.Id);
        }
    }

    public int Size => _bytes.Length;

    public int? IdOf(string token) => _ids.TryGetValue(token, out int id) ? id : null;

    /// <summary>The id of an ordinary token: added ones must never come out of plain text.</summary>
    public bool TryFindWord(ReadOnlySpan<char> spelling, out int id) => _idsBySpan.TryGetValue(spelling, out id) && !_added.Contains(id);

    public ReadOnlySpan<byte> Bytes(int id) => (uint)id < (uint)_bytes.Length && _bytes[id] is { } bytes
        ? bytes
        : throw CudaSearchException.BadInput($"token id {id} is not in the vocabulary of {_bytes.Length} ids; is this the model's own tokenizer?");

    /// <summary>[id]: whether a token has this byte.</summary>
    public bool[] With(byte value) => _with[value] ??= [.. _bytes.Select(bytes => bytes is not null && bytes.Contains(value))];

    public bool IsSpecial(int id)
    {
        _ = Bytes(id);
        return _special.Contains(id);
    }
}
