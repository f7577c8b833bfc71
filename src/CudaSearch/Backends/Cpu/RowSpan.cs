namespace CudaSearch.Backends.Cpu;

/// <summary>Consecutive rows of a pass, or of a list that belongs to it.</summary>
internal readonly record struct RowSpan(int First, int Count)
{
    /// <summary>The first row that is not in it.</summary>
    public int End => First + Count;

    /// <summary>Rows to go at a time.</summary>
    public int Parts(int rowsPerPart) => (Count + rowsPerPart - 1) / rowsPerPart;

    /// <summary>The rows of one part.</summary>
    public RowSpan Part(int part, int rowsPerPart) => new(First + part * rowsPerPart, Math.Min(rowsPerPart, Count - part * rowsPerPart));
}
