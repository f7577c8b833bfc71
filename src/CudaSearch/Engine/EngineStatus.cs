namespace CudaSearch.Engine;

/// <summary>How an engine stands.</summary>
/// <param name="Passes">Passes run so far.</param>
/// <param name="DrawnTokens">Tokens drawn so far.</param>
/// <param name="HeldPages">Pages that its sequences hold now.</param>
/// <param name="HeldPagesWithoutSharing">Pages they would hold if none were shared.</param>
/// <param name="Pages">Pages there are.</param>
public readonly record struct EngineStatus(long Passes, long DrawnTokens, int HeldPages, int HeldPagesWithoutSharing, int Pages);
