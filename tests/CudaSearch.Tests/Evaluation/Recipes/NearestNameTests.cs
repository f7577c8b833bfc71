using CsCheck;
using CudaSearch.Evaluation.Recipes;

namespace CudaSearch.Tests.Evaluation.Recipes;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("approch", "approach")]
    [InlineData("--beam-widht", "beam_width")]
    [InlineData("num_iteration", "num_iterations")]
    [InlineData("N", "n")]
    [InlineData("tempreature", "temperature")]
    [InlineData("colour", null)]
    public void SuggestsWhatWasProbablyMeant(string word, string? expected) =>
        Assert.Equal(expected, NearestName.Of(word, RecipeFields.All.Select(field => field.Name)));

    [Fact]
    public void TheDistanceCountsEditsAndIsSymmetric()
    {
        Assert.Equal(1, NearestName.Distance("ab", "ba"));
        Assert.Equal(3, NearestName.Distance("kitten", "sitting"));
        Gen<string> word = Gen.String[Gen.Char['a', 'c'], 0, 6];
        Gen.Select(word, word).Sample((a, b) =>
        {
            int distance = NearestName.Distance(a, b);
            return distance == NearestName.Distance(b, a) && (distance == 0) == (a == b)
                && distance >= Math.Abs(a.Length - b.Length) && distance <= Math.Max(a.Length, b.Length);
        });
    }
}
