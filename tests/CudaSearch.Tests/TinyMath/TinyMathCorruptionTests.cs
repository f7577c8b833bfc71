using CudaSearch.TinyMath;

namespace CudaSearch.Tests.TinyMath;

/// <summary>Spoilt solutions agree with the reference up to the place they name and differ there.</summary>
public sealed class TinyMathCorruptionTests
{
    [Fact]
    public void First_wrong_piece_is_the_first_that_differs()
    {
        var (generator, random) = (new TinyMathGenerator(3), new TinyMathRandom(4));
        var places = new HashSet<int>();
        foreach (var subject in TinyMathGenerator.Subjects)
        {
            for (var i = 0; i < 1000; i++)
            {
                var problem = generator.Next(subject, (i % TinyMathGenerator.Levels) + 1);
                var spoilt = TinyMathCorruption.Corrupt(problem, random);
                var (wrong, right) = (spoilt.Solution.Split("\n\n"), problem.Solution.Split("\n\n"));
                Assert.InRange(spoilt.FirstWrong, 0, problem.Level);
                Assert.Equal(right[..spoilt.FirstWrong], wrong[..spoilt.FirstWrong]);
                Assert.NotEqual(right[spoilt.FirstWrong], wrong[spoilt.FirstWrong]);
                Assert.StartsWith("Therefore, the final answer is:", wrong[^1]);
                places.Add(spoilt.FirstWrong);
            }
        }

        Assert.Equal(6, places.Count);
    }

    [Fact]
    public void Later_steps_go_on_from_the_wrong_value()
    {
        var (generator, random) = (new TinyMathGenerator(8), new TinyMathRandom(9));
        var carried = 0;
        for (var i = 0; i < 500; i++)
        {
            // A chain: every step's left operand is the value before it, whether that is right or wrong.
            var problem = generator.Next("Prealgebra", 5);
            var spoilt = TinyMathCorruption.Corrupt(problem, random);
            var equations = spoilt.Solution.Split("\n\n")[..^1].Select(piece => piece.Split('\n')[1]).ToList();
            for (var k = spoilt.FirstWrong + 1; k < equations.Count && equations.Count == 5; k++)
            {
                Assert.Equal(equations[k - 1].Split('=')[1], equations[k].Split('+', '-', '*', '/', '%')[0]);
                carried++;
            }
        }

        Assert.True(carried > 300);
    }
}
