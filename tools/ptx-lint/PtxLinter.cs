namespace PtxLint;

/// <summary>Something that is refused, and where.</summary>
/// <param name="Line">Line of the PTX text, from 1.</param>
/// <param name="Message">What it is, and what to do.</param>
public readonly record struct PtxViolation(int Line, string Message);

/// <summary>
/// The checks that stand in for an assembler where there is none: header, instructions by whole name with the version and target they need,
/// no local memory, no functions, accumulators left alone while a product adds to them, kernels with the parameters that their callers pass.
/// </summary>
public static class PtxLinter
{
    /// <summary>What the build asks clang for, and drivers since CUDA 12.4 read.</summary>
    public static readonly Version ExpectedVersion = new(8, 4);

    /// <summary>Checks a file whose folder is named after its target.</summary>
    public static IReadOnlyList<PtxViolation> CheckFile(string path) =>
        Check(PtxModule.Parse(File.ReadAllText(path)), Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path)))!);

    /// <summary>Checks everything but parameters.</summary>
    /// <param name="module">The PTX.</param>
    /// <param name="expectedTarget">The target it must be for, such as <c>sm_80</c>.</param>
    public static IReadOnlyList<PtxViolation> Check(PtxModule module, string expectedTarget)
    {
        var violations = new List<PtxViolation>();
        if (module.Version != ExpectedVersion) violations.Add(new(1, $"PTX version {module.Version}; the build makes {ExpectedVersion}"));
        if (module.Target != expectedTarget) violations.Add(new(1, $"target {module.Target}, where {expectedTarget} belongs"));
        if (module.Entries.Count == 0) violations.Add(new(1, "no kernel (.entry)"));
        foreach (PtxInstruction instruction in module.Instructions)
        {
            if (InstructionProblem(instruction.Name, module) is { } problem)
                violations.Add(new(instruction.Line, $"{instruction.Name}: {problem}"));
        }
        foreach (PtxInstruction directive in module.Directives)
        {
            if (DirectiveProblem(directive.Name) is { } problem) violations.Add(new(directive.Line, problem));
        }
        violations.AddRange(PtxAccumulators.Check(module));
        return violations;
    }

    /// <summary>Compares a kernel's parameters with those its callers pass: as many, each at the same place with the same size.</summary>
    public static IReadOnlyList<PtxViolation> CheckParameters(PtxEntry entry, IReadOnlyList<PtxParameter> expected)
    {
        if (entry.Parameters.Count != expected.Count)
            return [new(entry.Line, $"{entry.Name} has {entry.Parameters.Count} parameters, its callers pass {expected.Count}")];
        IEnumerable<int> misplaced = Enumerable.Range(0, expected.Count).Where(i => entry.Parameters[i] != expected[i]);
        return [.. misplaced.Select(i => new PtxViolation(
            entry.Line,
            $"{entry.Name}: parameter {i} lies at byte {entry.Parameters[i].Offset} with {entry.Parameters[i].Size} bytes, "
            + $"its callers put it at {expected[i].Offset} with {expected[i].Size}"))];
    }

    private static string? InstructionProblem(string name, PtxModule module)
    {
        if (PtxInstructionSet.Find(name) is not { } needs)
            return name.Contains(".local", StringComparison.Ordinal)
                ? "local memory (an array indexed by a variable, or a parameter whose address is taken)"
                : "not on the list of known instructions; if it is right, add it to tools/ptx-lint/instructions.txt";
        (int architecture, bool specific) = PtxInstructionSet.ReadTarget(module.Target);
        if (module.Version < needs.Version) return $"needs PTX {needs.Version}, the file is {module.Version}";
        if (needs.OnlyThere && !(specific && architecture == needs.Architecture))
            return $"exists on sm_{needs.Architecture}a alone, the file is for {module.Target}";
        return architecture < needs.Architecture ? $"needs sm_{needs.Architecture}, the file is for {module.Target}" : null;
    }

    private static string? DirectiveProblem(string text)
    {
        if (text.StartsWith(".local", StringComparison.Ordinal)) return "local memory: " + text;
        // A function that is called, not inlined, costs a stack; one from outside does not exist at all (there is no libdevice).
        return text.Contains(".func", StringComparison.Ordinal) ? "a function that is not inlined: " + text.Split('(')[0].Trim() : null;
    }
}
