namespace CudaSearch.Tokenization;

/// <summary>How one kind of tokenizer.json turns text without added tokens into ids, in the two stages added tokens can be matched between.</summary>
internal abstract class TextModel
{
    /// <summary>How many leading spaces decoding takes off a whole text.</summary>
    public virtual int StrippedSpaces => 0;

    /// <summary>The text as the model wants it spelled.</summary>
    public abstract string Normalize(string text);

    /// <summary>Appends the ids of normalized text.</summary>
    public abstract void Encode(string normalized, List<int> ids);
}
