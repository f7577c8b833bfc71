using CudaSearch.TinyMath.Templates;

namespace CudaSearch.TinyMath;

/// <summary>
/// Makes problems: seven subjects with MATH's names, five levels, all on the same few skills (five operations on numbers below 100, and
/// choosing the right operands), so that a model of two million parameters can learn them all.
/// </summary>
/// <param name="seed">Equal seeds give equal problems in equal order, on every machine and version.</param>
public sealed class TinyMathGenerator(ulong seed)
{
    /// <summary>The highest level, which is also the longest solution in steps.</summary>
    public const int Levels = 5;

    private static readonly string[] s_subjects =
    [
        "Prealgebra", "Algebra", "Number Theory", "Counting & Probability", "Geometry", "Intermediate Algebra", "Precalculus",
    ];

    private readonly TinyMathRandom _random = new(seed);

    /// <summary>The seven subjects.</summary>
    public static IReadOnlyList<string> Subjects => s_subjects;

    /// <summary>The next problem of one subject and level, whatever its split.</summary>
    /// <param name="subject">One of <see cref="Subjects"/>.</param>
    /// <param name="level">1 to <see cref="Levels"/>.</param>
    /// <exception cref="CudaSearchException">No such subject or level.</exception>
    public TinyMathProblem Next(string subject, int level)
    {
        if (level is < 1 or > Levels)
            throw CudaSearchException.BadInput($"TinyMath has levels 1 to {Levels}, not {level}.");
        while (true)
        {
            var program = new TinyMathProgram();
            var text = Write(subject, level, program);
            if (!program.Failed)
                return Finish(text, subject, level, program);
        }
    }

    /// <summary>The next problem of one subject and level that lies in a split.</summary>
    /// <param name="subject">One of <see cref="Subjects"/>.</param>
    /// <param name="level">1 to <see cref="Levels"/>.</param>
    /// <param name="split">The split to draw from.</param>
    /// <exception cref="CudaSearchException">No such subject or level.</exception>
    public TinyMathProblem Next(string subject, int level, TinyMathSplit split)
    {
        while (true)
        {
            var problem = Next(subject, level);
            if (TinyMathSplits.Of(problem.Problem) == split)
                return problem;
        }
    }

    private string Write(string subject, int level, TinyMathProgram program) => Array.IndexOf(s_subjects, subject) switch
    {
        0 => Prealgebra.Write(_random, level, program),
        1 => Algebra.Write(_random, level, program),
        2 => NumberTheory.Write(_random, level, program),
        3 => Counting.Write(_random, level, program),
        4 => Geometry.Write(_random, level, program),
        5 => IntermediateAlgebra.Write(_random, level, program),
        6 => Precalculus.Write(_random, level, program),
        _ => throw CudaSearchException.BadInput($"TinyMath has no subject '{subject}'; use one of {string.Join(", ", s_subjects)}."),
    };

    private static TinyMathProblem Finish(string text, string subject, int level, TinyMathProgram program)
    {
        var steps = program.Steps.Select((step, i) => TinyMathSolution.Step(
            i + 1, step.Operation, program.ValueOf(step.Left), program.ValueOf(step.Right), program.Values[i])).ToList();
        var answer = program.Values[^1];
        var id = $"tinymath/{subject.ToLowerInvariant().Replace(" & ", "_and_").Replace(' ', '_')}/{level}/{TinyMathSplits.Hash(text):x16}";
        return new TinyMathProblem(text, $"{answer}", TinyMathSolution.Join(steps, answer), steps, subject, level, id) { Program = program.Steps };
    }
}
