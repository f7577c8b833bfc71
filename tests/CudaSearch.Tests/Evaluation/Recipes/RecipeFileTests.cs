using CudaSearch.Evaluation.Recipes;

namespace CudaSearch.Tests.Evaluation.Recipes;

/// <summary>YAML as recipes use it, and every way to get it wrong, with its line.</summary>
public sealed class RecipeFileTests
{
    [Fact]
    public void ReadsScalarsOfEveryStyle()
    {
        List<RecipeFault> faults = [];
        IReadOnlyList<RecipeEntry> entries = RecipeFile.Parse(
            "# comment\nn: 4 # four\n\ntemperature: 0.8\nnum-samples: ~\nprm_path: none\noutput_dir: 'null'\n"
                    + "custom_chat_template: null\nsystem_prompt: |\n  a: $\\boxed{x}$\n\n  b\nseed: \"0\"\nempty:\n",
            faults);
        Assert.Empty(faults);
        Assert.Equal(
            [
                new("n", "4", 2), new("temperature", "0.8", 4), new("num-samples", null, 5), new("prm_path", null, 6), new("output_dir", "null", 7),
                new("custom_chat_template", null, 8), new("system_prompt", "a: $\\boxed{x}$\n\nb\n", 9), new("seed", "0", 13), new("empty", null, 14),
            ],
            entries);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("---\n")]
    public void AnEmptyRecipeIsOne(string text)
    {
        List<RecipeFault> faults = [];
        Assert.Empty(RecipeFile.Parse(text, faults));
        Assert.Empty(faults);
    }

    [Theory]
    [InlineData("n: 4\nn: 5", 2, "n is given twice; it is on line 1")]
    [InlineData("num_samples: 4\n\nnum-samples: 5", 3, "line 1")]
    [InlineData("seed: 1\nn:\n  - 4", 2, "n has to be a single value, but is a list")]
    [InlineData("n: {a: {b: 1}}", 1, "a mapping")]
    [InlineData("seed: &s 1\nn: *s", 2, "a reference")]
    [InlineData("- n", 1, "a list")]
    [InlineData("n", 1, "a text")]
    [InlineData("[a]: 1\nn: 4", 1, "a name has to be a text")]
    [InlineData("seed: 4\nn: 4\n\tseed: 1", 2, "not valid YAML up to line 3: ")]
    [InlineData("n: 'open", 1, "not valid YAML")]
    [InlineData("n: 4\n---\nn: 5", 2, "another")]
    public void NamesTheLineAndTheFault(string text, int line, string part)
    {
        List<RecipeFault> faults = [];
        RecipeFile.Parse(text, faults);
        RecipeFault fault = Assert.Single(faults);
        Assert.True(line == fault.Line, $"line {fault.Line}: {fault.Message}");
        Assert.Contains(part, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GoesOnAfterAFault()
    {
        List<RecipeFault> faults = [];
        Assert.Equal([new("seed", "1", 2), new("lookahead", "0", 5)], RecipeFile.Parse("n: [1, [2]]\nseed: 1\n? [x]\n: {y: z}\nlookahead: 0\nseed: 2", faults));
        Assert.Equal([1, 3, 6], faults.Select(fault => fault.Line));
    }
}
