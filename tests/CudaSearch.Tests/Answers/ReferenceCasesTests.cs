using System.Text.Json;
using CudaSearch.Answers;

namespace CudaSearch.Tests.Answers;

/// <summary>
/// Against what search-and-learn's own functions (commit 6f81cac, CPython 3.11, word2number) returned for random sequences of units, number
/// words, LaTeX, digits of other scripts and surrogate pairs. Kept in the repository, so the quirks stay covered where the shared data is
/// absent.
/// </summary>
public sealed class ReferenceCasesTests
{
    private static readonly List<JsonElement> s_rows = JsonLines.Read(JsonLines.BesideTests("reference-cases.jsonl"));

    [Fact]
    public void Normalises_like_the_original() =>
        JsonLines.AssertSame(s_rows.Select(row => (row.Text("text"), row.Text("stripped"), AnswerNormalizer.StripString(row.Text("text")))));

    [Fact]
    public void Extracts_like_the_original() =>
        JsonLines.AssertSame(s_rows.Select(row => (row.Text("text"), row.Text("extracted"), AnswerExtractor.Extract(row.Text("text")))));
}
