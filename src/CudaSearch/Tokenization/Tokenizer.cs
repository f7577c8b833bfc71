using System.Text;

namespace CudaSearch.Tokenization;

/// <summary>
/// Text to token ids and back, as a checkpoint's <c>tokenizer.json</c> prescribes: byte-level BPE (Llama-3, Qwen2) and SentencePiece-style
/// BPE with byte fallback (Llama-2, Mistral). Immutable but for a cache of words; all members may be called from any thread.
/// </summary>
/// <remarks>A lone UTF-16 surrogate in a text has no UTF-8 form; it is encoded as U+FFFD.</remarks>
public sealed class Tokenizer
{
    private readonly TokenTable _tokens;
    private readonly TextModel _model;
    private readonly AddedTokens _addedBeforeNormalizing;
    private readonly AddedTokens _addedAfterNormalizing;

    internal Tokenizer(TokenTable tokens, TextModel model, IReadOnlyList<AddedToken> added, IReadOnlyList<int> prefixIds)
    {
        _tokens = tokens;
        _model = model;
        PrefixIds = prefixIds;
        _addedBeforeNormalizing = new AddedTokens(added.Where(token => !token.Normalized));
        _addedAfterNormalizing = new AddedTokens(
            added.Where(token => token.Normalized).Select(token => token with { Content = model.Normalize(token.Content) }));
    }

    /// <summary>Reads a <c>tokenizer.json</c>.</summary>
    /// <exception cref="CudaSearchException">The file is absent, damaged, or asks for something this library does not do (the message names the key).</exception>
    public static Tokenizer Load(string tokenizerJsonPath) => TokenizerFile.Read(tokenizerJsonPath);

    /// <summary>One more than the highest id. A model's output may be wider: checkpoints pad it.</summary>
    public int VocabularySize => _tokens.Size;

    /// <summary>The special tokens that the file's own post-processor puts before a text (Llama: its one BOS token); empty where it puts none.</summary>
    public IReadOnlyList<int> PrefixIds { get; }

    /// <summary>How many leading spaces <see cref="Decode"/> takes off a whole text (SentencePiece-style files: the 1 that encoding added).</summary>
    internal int StrippedSpaces => _model.StrippedSpaces;

    /// <summary>The ids of plain text. No added token is recognised: <c>&lt;|eot_id|&gt;</c> in it is ordinary characters. No prefix is put before it.</summary>
    public int[] Encode(string text)
    {
        List<int> ids = [];
        Encode(text, ids);
        return [.. ids];
    }

    /// <summary>As <see cref="Encode(string)"/>, appending to <paramref name="ids"/>.</summary>
    public void Encode(string text, List<int> ids)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(ids);
        _model.Encode(_model.Normalize(WellFormed(text)), ids);
    }

    /// <summary>The ids of trusted text in which the added tokens (<c>&lt;|eot_id|&gt;</c> …) are recognised. No prefix is put before it.</summary>
    public int[] EncodeWithSpecialTokens(string text)
    {
        List<int> ids = [];
        EncodeWithSpecialTokens(text, ids);
        return [.. ids];
    }

    /// <summary>As <see cref="EncodeWithSpecialTokens(string)"/>, appending to <paramref name="ids"/>.</summary>
    public void EncodeWithSpecialTokens(string text, List<int> ids)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(ids);
        foreach ((string piece, int? token) in _addedBeforeNormalizing.Split(WellFormed(text)))
        {
            if (token is { } id) ids.Add(id);
            else EncodeNormalized(_model.Normalize(piece), ids);
        }
    }

    private void EncodeNormalized(string text, List<int> ids)
    {
        foreach ((string piece, int? token) in _addedAfterNormalizing.Split(text))
        {
            if (token is { } id) ids.Add(id);
            else _model.Encode(piece, ids);
        }
    }

    /// <summary>The id of a token spelled as the file spells it (<c>Ġthe</c>, <c>&lt;|eot_id|&gt;</c>), or null.</summary>
    public int? TokenId(string token) => _tokens.IdOf(token);

    /// <summary>
    /// The text of a token list; bytes that are no UTF-8 come out as U+FFFD, one for each maximal invalid run as Unicode recommends.
    /// </summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="keepSpecialTokens">Whether special tokens appear by their name or not at all.</param>
    /// <exception cref="CudaSearchException">An id is not in the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool keepSpecialTokens = false)
    {
        StreamingDecoder decoder = new(this, keepSpecialTokens);
        StringBuilder text = new();
        foreach (int id in ids) text.Append(decoder.Append(id));
        return text.Append(decoder.Flush()).ToString();
    }

    /// <summary>The bytes a token stands for, which need not be whole characters; a special token's are its name in UTF-8.</summary>
    /// <exception cref="CudaSearchException">The id is not in the vocabulary.</exception>
    public ReadOnlySpan<byte> TokenBytes(int id) => _tokens.Bytes(id);

    /// <summary>Whether this is a control token (<c>&lt;|eot_id|&gt;</c>), not text.</summary>
    /// <exception cref="CudaSearchException">The id is not in the vocabulary.</exception>
    public bool IsSpecial(int id) => _tokens.IsSpecial(id);

    /// <summary>A token for people: its text, with control characters escaped as in C# and bytes that are no UTF-8 as <c>&lt;0xE2&gt;</c>.</summary>
    /// <exception cref="CudaSearchException">The id is not in the vocabulary.</exception>
    public string Piece(int id) => PrintablePiece.Of(_tokens.Bytes(id));

    /// <summary>
    /// [id]: whether a token's text has this character. Null where the character may be spread over several tokens, as only ASCII never is.
    /// </summary>
    internal bool[]? TokensWith(char character) => char.IsAscii(character) ? _tokens.With((byte)character) : null;

    private static string WellFormed(string text)
    {
        foreach (char c in text)
            if (char.IsSurrogate(c)) return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        return text;
    }
}
