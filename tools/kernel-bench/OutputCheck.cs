namespace KernelBench;

/// <summary>Whether outputs are right: some in double precision, and all against those of the kernel that is shipped.</summary>
internal static class OutputCheck
{
    private const int Samples = 256;

    /// <summary>What is wrong; null when nothing is.</summary>
    /// <param name="operands">The product.</param>
    /// <param name="m">Its rows.</param>
    /// <param name="output">[m, n] bf16.</param>
    /// <param name="shipped">The same of the shipped kernel, itself checked; null for that one.</param>
    public static string? Fault(Operands operands, int m, ushort[] output, ushort[]? shipped)
    {
        int n = operands.Shape.N;
        var random = new Random(m);
        int[] corners = [0, n - 1, (m - 1) * n, (m * n) - 1];
        double slack = 0;
        foreach (int i in corners.Concat(Enumerable.Range(0, Samples).Select(_ => random.Next(m * n))))
        {
            (double exact, double error) = operands.Exact(i / n, i % n);
            float value = Operands.Widen(output[i]);
            double tolerance = error + ((Math.Abs(exact) + error) * Math.ScaleB(1, -8));
            slack = Math.Max(slack, 2 * error);
            if (!(Math.Abs(value - exact) <= tolerance)) return $"row {i / n}, column {i % n}: {value} instead of {exact}";
        }
        if (shipped is null || output.AsSpan().SequenceEqual(shipped)) return null;
        for (int i = 0; i < output.Length; i++)
        {
            if (output[i] == shipped[i]) continue;
            float value = Operands.Widen(output[i]), other = Operands.Widen(shipped[i]);
            // Two chains that both are near enough may round to neighbours.
            if (!(Math.Abs(value - other) <= slack + (Math.Abs(other) * Math.ScaleB(1, -6)))) return $"row {i / n}, column {i % n}: {value}, and {other} by the shipped kernel";
        }
        return null;
    }
}
