using System.Numerics;
using CsCheck;
using CudaSearch.Answers;
using CudaSearch.Answers.Algebra;
using static CudaSearch.Answers.Algebra.Expression;

namespace CudaSearch.Tests.Answers.Algebra;

/// <summary>The exact and the numeric evaluator against plain arithmetic on integers.</summary>
public sealed class ArithmeticTests
{
    /// <summary>A random expression in x together with its value at x = 3, computed apart from it.</summary>
    private static readonly Gen<(Expression Tree, BigInteger Numerator, BigInteger Denominator)> s_values = Gen.Recursive<(Expression, BigInteger, BigInteger)>((depth, smaller) =>
        depth > 4
            ? Gen.Int[-9, 9].Select(n => ((Expression)new Quotient(Of(n), Of(7)), (BigInteger)n, (BigInteger)7))
            : Gen.Frequency(
                (1, Gen.Const(((Expression)new Symbol("x"), (BigInteger)3, BigInteger.One))),
                (1, Gen.Int[-9, 9].Select(n => ((Expression)new Quotient(Of(n), Of(7)), (BigInteger)n, (BigInteger)7))),
                (2, Gen.Select(smaller, smaller, (a, b) => ((Expression)new Sum([a.Item1, b.Item1]), a.Item2 * b.Item3 + b.Item2 * a.Item3, a.Item3 * b.Item3))),
                (2, Gen.Select(smaller, smaller, (a, b) => ((Expression)new Product([a.Item1, b.Item1]), a.Item2 * b.Item2, a.Item3 * b.Item3))),
                (1, smaller.Select(a => ((Expression)new Power(a.Item1, Of(2)), a.Item2 * a.Item2, a.Item3 * a.Item3)))));

    [Fact]
    public void An_expression_has_the_value_of_plain_arithmetic() => s_values.Sample(row =>
    {
        Expression at3 = Trees.Replace(row.Tree, "x", Of(3));
        RationalFunction? exact = new ExactEvaluator(new WorkBudget(1_000_000)).Evaluate(at3);
        Assert.NotNull(exact);
        Assert.Equal(Rational.Of(row.Numerator, row.Denominator), exact.AsRational);
        Assert.True(RationalFunction.AreEqual(exact, RationalFunction.Of(Rational.Of(row.Numerator, row.Denominator)), new WorkBudget(100_000)));
    });

    /// <summary>Every ball holds the exact value, in spite of rounding and cancellation.</summary>
    [Fact]
    public void A_ball_holds_the_exact_value() => s_values.Sample(row =>
    {
        Expression at3 = Trees.Replace(row.Tree, "x", Of(3));
        Ball? ball = new NumericEvaluator(0, new WorkBudget(1_000_000)).Evaluate(at3);
        double exact = Rational.Of(row.Numerator, row.Denominator).ToDouble();
        Assert.NotNull(ball);
        Assert.True(Math.Abs(ball.Value.Value.Real - exact) <= ball.Value.Error + 1.2e-16 * Math.Abs(exact)); // the double is rounded too
    });

    /// <summary>√(a²·b) = a√b, and its square is the radicand.</summary>
    [Fact]
    public void Roots_square_to_what_they_came_from() => Gen.Select(Gen.Int[1, 1000], Gen.Int[-3000, 3000], Gen.Int[1, 500]).Sample((a, b, d) =>
    {
        var budget = new WorkBudget(100_000);
        Rational radicand = Rational.Of((BigInteger)a * a * b, d);
        RationalFunction? root = SquareRoots.Of(radicand, budget);
        Assert.NotNull(root);
        Assert.Equal(radicand, RationalFunction.Multiply(root, root, budget)!.AsRational);
    });

    [Fact]
    public void Exact_roots_are_found_and_only_they() => Gen.Select(Gen.Int[2, 10_000], Gen.Int[2, 9]).Sample((n, degree) =>
    {
        BigInteger power = BigInteger.Pow(n, degree);
        Assert.Equal(Rational.Of(n), SquareRoots.Exact(Rational.Of(power), degree));
        Assert.Null(SquareRoots.Exact(Rational.Of(power + 1), degree));
        Assert.Equal(degree % 2 == 1 ? Rational.Of(-n) : null, SquareRoots.Exact(Rational.Of(-power), degree));
    });

    /// <summary>Functions near the values that the framework's own functions give.</summary>
    [Fact]
    public void Functions_are_the_frameworks() => Gen.Double[0.1, 3].Sample(x =>
    {
        (string Name, Func<double, double> Function)[] functions =
        [
            ("sin", Math.Sin), ("cos", Math.Cos), ("tan", Math.Tan), ("sec", y => 1 / Math.Cos(y)), ("sinh", Math.Sinh), ("tanh", Math.Tanh), ("ln", Math.Log), ("lg", Math.Log10),
            ("arctan", Math.Atan), ("abs", Math.Abs), ("floor", Math.Floor), ("arccot", y => Math.Atan(1 / y)),
        ];
        foreach ((string name, Func<double, double> function) in functions)
        {
            Ball value = NumericFunctions.Apply(name, [Ball.Of(x)])!.Value;
            double expected = function(x);
            Assert.True(!value.IsFinite || Math.Abs(value.Value.Real - expected) <= value.Error + 1e-14 * Math.Abs(expected), $"{name}({x}) = {value.Value} ± {value.Error}, not {expected}");
        }
    });

    [Fact]
    public void Factorials_between_integers_follow_the_functional_equation() => Gen.Double[-0.9, 40].Sample(x =>
    {
        Ball here = NumericFunctions.Apply("factorial", [Ball.Of(x)])!.Value, next = NumericFunctions.Apply("factorial", [Ball.Of(x + 1)])!.Value;
        Assert.Equal((x + 1) * here.Value.Real, next.Value.Real, Math.Abs(next.Value.Real) * 1e-11);
    });

    [Fact]
    public void Factorials_of_integers_are_products()
    {
        double product = 1;
        for (int n = 1; n < 20; n++)
        {
            product *= n;
            Assert.Equal(product, NumericFunctions.Apply("factorial", [Ball.Of(n)])!.Value.Value.Real, product * 1e-12);
        }
    }

    [Fact]
    public void A_slice_is_part_of_the_whole()
    {
        var whole = new WorkBudget(10);
        WorkBudget slice = whole.Slice(4);
        Assert.True(slice.TrySpend(4));
        Assert.False(slice.TrySpend());
        Assert.True(slice.IsSpent);
        Assert.False(whole.IsSpent);
        Assert.True(whole.TrySpend(6));
        Assert.False(whole.TrySpend());
    }
}
