using System.Text.Json;
using CudaSearch.Verification.Arithmetic;

namespace CudaSearch.Tests.Verification.Arithmetic;

/// <summary>Reference solutions by people, which are right: hardly any of their equations may be called false, and many must be found.</summary>
public sealed class RealSolutionsTests
{
    [Theory]
    [InlineData("gsm8k_train.jsonl", 20000, 0.002)]
    [InlineData("gsm8k_test.jsonl", 3000, 0.002)]
    [InlineData("math_test5000.jsonl", 3000, 0.01)]
    public void RightEquationsAreCalledRight(string file, int leastFound, double mostFalse)
    {
        int found = 0;
        List<string> refused = [];
        foreach (string line in File.ReadLines(SharedData.PathOf("problems", file)))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            foreach (ArithmeticEquation equation in ArithmeticChecker.Check(row.RootElement.GetProperty("solution").GetString()!))
            {
                found++;
                if (!equation.Holds) refused.Add(equation.Text);
            }
        }
        Assert.True(found >= leastFound, $"only {found} equations were found");
        Assert.True(refused.Count <= mostFalse * found, $"{refused.Count} of {found} equations are called false, such as {string.Join(" · ", refused.Take(20))}");
    }
}
