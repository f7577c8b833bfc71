namespace CudaSearch.Engine;

/// <summary>What a pass can hold.</summary>
/// <param name="Rows">Most tokens.</param>
/// <param name="OutputRows">Most rows that yield something.</param>
internal readonly record struct PassCapacity(int Rows, int OutputRows);
