using System.Text;

namespace CudaSearch.Tokenization;

/// <summary>
/// Decodes a text token by token, showing whole characters only. All that <see cref="Append"/> and <see cref="Flush"/> return, joined, is
/// what <see cref="Tokenizer.Decode"/> makes of the same ids. For one thread at a time.
/// </summary>
public sealed class StreamingDecoder
{
    // Characters that a token has at most, but for very few.
    private const int Usual = 256;

    private readonly Tokenizer _tokenizer;
    private readonly bool _keepSpecialTokens;
    // Keeps the bytes of an unfinished character between calls, and replaces invalid ones exactly as a decoding in one go does.
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private int _spacesToStrip;

    /// <summary>Starts a text.</summary>
    /// <param name="tokenizer">The vocabulary.</param>
    /// <param name="keepSpecialTokens">Whether special tokens appear by their name or not at all.</param>
    /// <param name="continuation">Whether other text stands before it: SentencePiece-style vocabularies then keep the first word's space.</param>
    public StreamingDecoder(Tokenizer tokenizer, bool keepSpecialTokens = false, bool continuation = false)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _tokenizer = tokenizer;
        _keepSpecialTokens = keepSpecialTokens;
        _spacesToStrip = continuation ? 0 : tokenizer.StrippedSpaces;
    }

    /// <summary>The characters that are complete now that this token is known; may be empty.</summary>
    /// <exception cref="CudaSearchException">The id is not in the vocabulary.</exception>
    public string Append(int id) => IsHidden(id) ? "" : Decode(_tokenizer.TokenBytes(id), flush: false, stackalloc char[Usual]).ToString();

    /// <summary>As <see cref="Append"/>, to the end of a text.</summary>
    public void AppendTo(StringBuilder text, int id)
    {
        if (!IsHidden(id)) text.Append(Decode(_tokenizer.TokenBytes(id), flush: false, stackalloc char[Usual]));
    }

    /// <summary>True when bytes of a character that is not complete yet are held back.</summary>
    public bool HasPartialCharacter => _utf8.GetCharCount([], flush: true) > 0;

    /// <summary>Ends the text: U+FFFD if it stopped within a character, else nothing.</summary>
    public string Flush() => Decode([], flush: true, stackalloc char[Usual]).ToString();

    private bool IsHidden(int id) => !_keepSpecialTokens && _tokenizer.IsSpecial(id);

    private ReadOnlySpan<char> Decode(ReadOnlySpan<byte> bytes, bool flush, Span<char> characters)
    {
        if (bytes.Length + 8 > characters.Length) characters = new char[bytes.Length + 8];
        characters = characters[.._utf8.GetChars(bytes, characters, flush)];
        while (_spacesToStrip > 0 && !characters.IsEmpty)
        {
            bool space = characters[0] == ' ';
            _spacesToStrip = space ? _spacesToStrip - 1 : 0;
            if (space) characters = characters[1..];
        }
        return characters;
    }
}
