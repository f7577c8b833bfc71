namespace CudaSearch.Tokenization;

internal sealed class SentencePieceReader : ModelReader
{
    public override void CheckComponents(JsonAt root) => throw root["model"]["byte_fallback"].Refuse("false");

    public override byte[]? BytesOf(string spelling) => null;

    public override TextModel Make(JsonAt root, TokenTable tokens, MergeTable merges) => throw root["model"].Refuse("byte-level");
}
