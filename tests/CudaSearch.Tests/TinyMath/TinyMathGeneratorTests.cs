using System.Text.RegularExpressions;
using CudaSearch.TinyMath;

namespace CudaSearch.Tests.TinyMath;

/// <summary>Every problem's solution is checked from its text alone: parsed, computed again, compared.</summary>
public sealed partial class TinyMathGeneratorTests
{
    public static TheoryData<string> Subjects => [.. TinyMathGenerator.Subjects];

    [Theory]
    [MemberData(nameof(Subjects))]
    public void Solutions_are_right_step_by_step(string subject)
    {
        var generator = new TinyMathGenerator(99);
        for (var i = 0; i < 4000; i++)
        {
            var problem = generator.Next(subject, (i % TinyMathGenerator.Levels) + 1);
            Assert.Equal(subject, problem.Subject);
            Assert.Equal(problem.Level, problem.Steps.Count);

            var pieces = problem.Solution.Split("\n\n");
            Assert.Equal(problem.Level + 1, pieces.Length);
            Assert.Equal(problem.Steps, pieces[..^1]);
            Assert.Equal($@"Therefore, the final answer is: $\boxed{{{problem.Answer}}}$. I hope it is correct.", pieces[^1]);

            var known = Numbers().Matches(problem.Problem).Select(match => int.Parse(match.Value)).Append(2).Append(90).ToHashSet();
            var last = -1;
            for (var k = 0; k < problem.Level; k++)
            {
                var match = StepText().Match(pieces[k]);
                Assert.True(match.Success, pieces[k]);
                Assert.Equal(k + 1, int.Parse(match.Groups["k"].Value));
                var (a, b, value) = (Number(match, "a"), Number(match, "b"), Number(match, "v"));
                Assert.Contains(a, known);
                Assert.Contains(b, known);
                var (name, expected) = match.Groups["op"].Value switch
                {
                    "+" => ("Add", a + b),
                    "-" => ("Subtract", a - b),
                    "*" => ("Multiply", a * b),
                    "/" => ("Divide", a % b == 0 ? a / b : -1),
                    _ => ("Remainder", a % b),
                };
                Assert.Equal(name, match.Groups["name"].Value);
                Assert.Equal(expected, value);
                Assert.InRange(value, 0, 99);
                known.Add(value);
                last = value;
            }

            Assert.Equal(problem.Answer, $"{last}");
            Assert.DoesNotContain(known, number => number is < 0 or > 99);
        }
    }

    [Fact]
    public void Equal_seeds_give_equal_problems_and_different_seeds_do_not()
    {
        var (one, same, other) = (new TinyMathGenerator(5), new TinyMathGenerator(5), new TinyMathGenerator(6));
        var texts = Enumerable.Range(0, 200).Select(_ => (one.Next("Algebra", 3).Problem, same.Next("Algebra", 3).Problem, other.Next("Algebra", 3).Problem)).ToList();
        Assert.All(texts, text => Assert.Equal(text.Item1, text.Item2));
        Assert.True(texts.Count(text => text.Item1 == text.Item3) < 20);
    }

    [Theory]
    [InlineData("Prealgebra", 0)]
    [InlineData("Prealgebra", 6)]
    [InlineData("Topology", 1)]
    public void What_does_not_exist_is_refused(string subject, int level) =>
        Assert.Throws<CudaSearchException>(() => new TinyMathGenerator(1).Next(subject, level));

    [Fact]
    public void Random_numbers_are_SplitMix64s()
    {
        // The published first outputs for seed 1234567.
        var random = new TinyMathRandom(1234567);
        Assert.Equal(6457827717110365317UL, random.NextBits());
        Assert.Equal(3203168211198807973UL, random.NextBits());
        Assert.Equal(9817491932198370423UL, random.NextBits());
    }

    [GeneratedRegex(@"^## Step (?<k>\d): (?<name>[A-Z][a-z]+)\n(?<a>\d+)(?<op>[-+*/%])(?<b>\d+)=(?<v>\d+)$")]
    private static partial Regex StepText();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Numbers();

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].Value);
}
