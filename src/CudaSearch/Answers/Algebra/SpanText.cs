namespace CudaSearch.Answers.Algebra;

/// <summary>Small questions about characters.</summary>
internal static class SpanText
{
    /// <summary>Whether these are ASCII digits, at least one.</summary>
    public static bool ContainsOnlyDigits(this ReadOnlySpan<char> text) => text.Length > 0 && !text.ContainsAnyExceptInRange('0', '9');
}
