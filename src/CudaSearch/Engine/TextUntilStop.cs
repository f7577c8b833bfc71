using System.Text;
using CudaSearch.Tokenization;

namespace CudaSearch.Engine;

/// <summary>
/// The text of a generation. A device waits for stop rules, so tokens that cannot end the stop text are decoded later: when one comes that can, or when the
/// device has work again and the text is asked for.
/// </summary>
/// <param name="sequence">Whose last tokens it is.</param>
/// <param name="tokenizer">Decodes; null leaves the text empty.</param>
/// <param name="stop">What ends it; null for nothing.</param>
internal sealed class TextUntilStop(Sequence sequence, Tokenizer? tokenizer, string? stop)
{
    private readonly StringBuilder _text = new();
    private readonly StreamingDecoder? _decoder = tokenizer is null ? null : new StreamingDecoder(tokenizer, continuation: true);
    private readonly bool[]? _canEnd = stop is null ? null : tokenizer?.TokensWith(stop[^1]);

    // Tokens that are not decoded yet, and how many the sequence had before them. Of one's own: a sequence may go on before the text is asked for.
    private readonly List<int> _pending = [];
    private int _tokensBefore;

    // Where the newest token begins, or the first of several that make up one character: tokens and characters before it.
    private int _wholeTokens;
    private int _wholeText;
    private bool _ended;

    /// <summary>Takes the token that was just added to the sequence.</summary>
    /// <returns>True when it completes the stop text, which sequence and text end with now.</returns>
    public bool Add(int token)
    {
        if (tokenizer is null) return false;
        // One that the tokenizer's file leaves out is refused at once, not when it is decoded.
        if (token < tokenizer.VocabularySize) _ = tokenizer.TokenBytes(token);
        if (_pending.Count == 0) _tokensBefore = sequence.Length - 1;
        _pending.Add(token);
        if (stop is null || (_canEnd is not null && (token >= _canEnd.Length || !_canEnd[token]))) return false;
        int before = Decode();
        return _ended = CutAfter(stop, Math.Max(0, before - stop.Length + 1));
    }

    /// <summary>The whole text; after this no token is added.</summary>
    public string End()
    {
        if (_decoder is null) return "";
        if (!_ended)
        {
            Decode();
            _text.Append(_decoder.Flush());
            _ended = true;
        }
        return _text.ToString();
    }

    /// <summary>Decodes what is left; characters before the last token's.</summary>
    private int Decode()
    {
        int before = _text.Length;
        for (int i = 0; i < _pending.Count; i++)
        {
            before = _text.Length;
            if (!_decoder!.HasPartialCharacter) (_wholeTokens, _wholeText) = (_tokensBefore + i, before);
            // Checkpoints pad their vocabulary beyond the tokenizer's: such a token has no text.
            if (_pending[i] < tokenizer!.VocabularySize) _decoder.AppendTo(_text, _pending[i]);
        }
        _pending.Clear();
        return before;
    }

    /// <summary>
    /// Cuts the text after the first occurrence of the stop text. Ids are kept; only where the cut falls inside a token is the end re-encoded, from the
    /// last token that began on a whole character.
    /// </summary>
    private bool CutAfter(string stop, int from)
    {
        const int Usual = 256;
        int length = _text.Length - from;
        Span<char> tail = length <= Usual ? stackalloc char[Usual] : new char[length];
        tail = tail[..length];
        _text.CopyTo(from, tail, length);
        int at = tail.IndexOf(stop);
        if (at < 0) return false;
        int surplus = tail.Length - at - stop.Length;
        if (surplus == 0 && !_decoder!.HasPartialCharacter) return true;
        _text.Length -= surplus;
        List<int> tokens = sequence.MutableTokens;
        tokens.RemoveRange(_wholeTokens, tokens.Count - _wholeTokens);
        tokens.AddRange(tokenizer!.Encode(_text.ToString(_wholeText, _text.Length - _wholeText)));
        if (sequence.Table.Length > _wholeTokens) sequence.Table.Truncate(_wholeTokens);
        return true;
    }
}
