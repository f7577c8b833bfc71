namespace CudaSearch.TinyMath;

/// <summary>A solution that goes wrong at a known place.</summary>
/// <param name="Solution">The text, in the form of a reference solution.</param>
/// <param name="FirstWrong">
/// 0-based index of the first piece (pieces are apart by blank lines, the closing sentence is the last) that is not the reference's.
/// </param>
public sealed record TinyMathCorruptedSolution(string Solution, int FirstWrong);

/// <summary>
/// Spoils solutions the way a small model does: a wrong digit in a result, a wrong operand, a wrong operation, a forgotten step, a wrong
/// number in the box. What follows goes on consistently from the wrong value, so that only the first mistake gives it away.
/// </summary>
public static class TinyMathCorruption
{
    private static readonly int[] s_slips = [-20, -11, -10, -9, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 9, 10, 11, 20];

    /// <summary>A copy of the reference solution with one mistake.</summary>
    /// <param name="problem">The problem whose solution is spoilt.</param>
    /// <param name="random">Decides where and how.</param>
    public static TinyMathCorruptedSolution Corrupt(TinyMathProblem problem, TinyMathRandom random)
    {
        ArgumentNullException.ThrowIfNull(problem);
        ArgumentNullException.ThrowIfNull(random);
        var reference = problem.Solution.Split("\n\n");
        while (true)
        {
            var solution = Attempt(problem.Program, random);
            var pieces = solution.Split("\n\n");
            for (var i = 0; i < pieces.Length; i++)
            {
                if (i >= reference.Length || pieces[i] != reference[i])
                    return new TinyMathCorruptedSolution(solution, i);
            }
        }
    }

    private static string Attempt(IReadOnlyList<TinyMathStep> program, TinyMathRandom random)
    {
        var at = random.Next(0, program.Count - 1);
        var kind = random.Next(0, 99);
        var numbers = program.SelectMany(IEnumerable<TinyMathOperand> (step) => [step.Left, step.Right]).Where(o => o.Step < 0).Select(o => o.Constant).ToList();
        var texts = new List<string>();
        var values = new int[program.Count];
        for (var i = 0; i < program.Count; i++)
        {
            var (operation, left, right) = (program[i].Operation, Value(program[i].Left), Value(program[i].Right));
            var spoil = i == at;
            if (spoil && kind is >= 88 and < 93)
            {
                // Forgotten: whoever refers to this step finds its left operand instead.
                values[i] = left;
                continue;
            }

            if (spoil && kind is >= 50 and < 78)
                (left, right) = random.Chance(50) ? (Slip(left), right) : (left, Slip(right));
            if (spoil && kind is >= 78 and < 88)
                operation = random.Pick(Enum.GetValues<TinyMathOperation>());
            values[i] = Result(operation, left, right);
            if (spoil && kind < 50)
                values[i] = Slip(values[i]);
            texts.Add(TinyMathSolution.Step(texts.Count + 1, operation, left, right, values[i]));
        }

        var answer = values[^1];
        return TinyMathSolution.Join(texts, kind >= 93 ? Slip(answer) : answer);

        int Value(TinyMathOperand operand) => operand.Step < 0 ? operand.Constant : values[operand.Step];

        // A neighbour, the digits the other way round, another number of the problem, or anything: always in range, perhaps unchanged.
        int Slip(int value) => random.Next(0, 9) switch
        {
            < 6 => Math.Clamp(value + random.Pick(s_slips), 0, TinyMathArithmetic.Largest),
            6 => (value % 10 * 10) + (value / 10),
            < 9 => random.Pick(numbers),
            _ => random.Next(0, TinyMathArithmetic.Largest),
        };
    }

    /// <summary>The value of a step that may have none after a mistake: then the nearest thing a model would write.</summary>
    private static int Result(TinyMathOperation operation, int left, int right)
    {
        var value = TinyMathArithmetic.Evaluate(operation, left, right);
        if (value >= 0)
            return value;
        return operation switch
        {
            TinyMathOperation.Subtract => right - left,
            TinyMathOperation.Divide => left / Math.Max(right, 1),
            TinyMathOperation.Remainder => left,
            TinyMathOperation.Add => (left + right) % 100,
            _ => left * right % 100,
        };
    }
}
