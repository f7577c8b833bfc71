using CudaSearch.Search;

namespace CudaSearch.Tests.Search;

/// <summary>The tie rules and the splitting of steps.</summary>
public sealed class SelectionTests
{
    [Fact]
    public void The_first_of_equal_maxima_wins() => Assert.Equal(1, Selection.ArgMax([0.1, 0.5, 0.5, 0.2]));

    [Theory]
    [InlineData(1, new[] { 3 })]
    [InlineData(2, new[] { 2, 3 })]
    [InlineData(3, new[] { 1, 2, 3 })]
    [InlineData(0, new[] { 0, 1, 2, 3 })]
    [InlineData(9, new[] { 0, 1, 2, 3 })]
    public void The_last_of_a_stable_ascending_sort_survive(int count, int[] survivors) =>
        Assert.Equal(survivors, Selection.Survivors([0.1, 0.5, 0.5, 0.5], count).Order());

    [Theory]
    [InlineData("", new[] { "" })]
    [InlineData("a", new[] { "a" })]
    [InlineData("a\n\n", new[] { "a\n\n", "" })]
    [InlineData("a\n\n\nb\n\n\n\nc", new[] { "a\n\n", "\nb\n\n", "\n\n", "c" })]
    public void Steps_end_with_their_blank_line(string text, string[] steps) => Assert.Equal(steps, StepRules.SplitSteps(text));
}
