namespace CudaSearch.Answers;

/// <summary>How two answers agree; the strongest first.</summary>
public enum Agreement
{
    /// <summary>They do not.</summary>
    Different,

    /// <summary>They are one text.</summary>
    Identical,

    /// <summary>Exact arithmetic says that they are equal.</summary>
    Exact,

    /// <summary>They have equal values at a number of points.</summary>
    Numeric,

    /// <summary>One is the other, rounded.</summary>
    Rounded,

    /// <summary>They are the same words, but for looks.</summary>
    Words,

    /// <summary>One is what search-and-learn's normalisation leaves of the other.</summary>
    Normalised,
}
