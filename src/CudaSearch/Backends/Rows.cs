namespace CudaSearch.Backends;

/// <summary>Which rows of a pass an operation works on.</summary>
public enum RowSet
{
    /// <summary>Every token of the pass.</summary>
    All,

    /// <summary>The rows whose final hidden state is needed, gathered.</summary>
    Outputs,
}

/// <summary>Rows of a pass: a backend that replays a recorded pass reads the count of the set anew each time, another takes it from here.</summary>
/// <param name="Set">Which rows.</param>
/// <param name="Count">How many they are in this pass.</param>
public readonly record struct Rows(RowSet Set, int Count);
