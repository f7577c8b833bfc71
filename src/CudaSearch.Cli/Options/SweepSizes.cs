using System.Globalization;
using CudaSearch.Evaluation.Throughput;

namespace CudaSearch.Cli.Options;

/// <summary>The values of <c>--kernel</c> and <c>--sweep</c>: a kernel, and the sizes to run it at.</summary>
internal sealed class SweepSizes
{
    private const string Onwards = "...";

    private readonly IReadOnlyList<(string Key, int[] Values)> _sizes;

    private SweepSizes(SweepKernel kernel, IReadOnlyList<(string Key, int[] Values)> sizes) => (Kernel, _sizes) = (kernel, sizes);

    /// <summary>The kernel.</summary>
    public SweepKernel Kernel { get; }

    /// <summary>Reads settings such as <c>m=1,2,4,...,256</c>.</summary>
    /// <exception cref="UsageException">There is no such kernel, it has no such size, a value is none, or values do not fit together.</exception>
    public static SweepSizes Parse(string kernelName, IReadOnlyList<string> settings)
    {
        if (!SweepKernel.All.TryGetValue(kernelName, out SweepKernel? kernel))
            throw new UsageException($"--kernel is {kernelName}; it must be one of {string.Join(", ", SweepKernel.All.Keys)}");
        Dictionary<string, int[]> given = [];
        foreach (string setting in settings)
        {
            string[] parts = setting.Split('=', 2);
            if (parts.Length < 2 || !kernel.Sizes.Any(size => size.Key == parts[0]))
                throw new UsageException($"--sweep has {setting}; {kernel.Name} takes {string.Join(", ", kernel.Sizes.Select(size => $"{size.Key}={size.Value}"))}, each with one value or several separated by commas");
            if (!given.TryAdd(parts[0], Values(setting, parts[1], allowZero: parts[0] == "own"))) throw new UsageException($"--sweep has {parts[0]} twice");
        }
        var sizes = new SweepSizes(kernel, [.. kernel.Sizes.Select(size => (size.Key, given.GetValueOrDefault(size.Key, [size.Value])))]);
        if (sizes.Combinations().Select(kernel.Fault).FirstOrDefault(fault => fault is not null) is { } misfit) throw new UsageException($"--sweep: {misfit}");
        return sizes;
    }

    /// <summary>Every combination; the last size changes fastest.</summary>
    public IEnumerable<IReadOnlyDictionary<string, int>> Combinations()
    {
        IEnumerable<Dictionary<string, int>> all = [[]];
        foreach (var (key, values) in _sizes)
            all = all.SelectMany(before => values.Select(value => new Dictionary<string, int>(before) { [key] = value }));
        return all;
    }

    private static int[] Values(string setting, string text, bool allowZero)
    {
        List<int> values = [];
        string[] parts = text.Split(',');
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i] == Onwards && values.Count >= 2 && i + 1 < parts.Length && int.TryParse(parts[i + 1], out int end)) values.AddRange(Continue(setting, values, end));
            else if (int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out int value) && (value > 0 || allowZero)) values.Add(value);
            else throw new UsageException($"--sweep has {setting}; {(parts[i] == "" ? "a value is missing" : $"{parts[i]} is no size")}: write numbers such as 1,2,4 or 1,2,4,...,256");
        }
        return [.. values];
    }

    /// <summary>What the dots stand for: each value is as many times the one before as the last two written are. The end itself follows.</summary>
    private static List<int> Continue(string setting, List<int> values, int end)
    {
        (int before, int last) = (values[^2], values[^1]);
        if (before <= 0 || last <= before || last % before != 0) throw Unreachable();
        List<int> more = [];
        long next = (long)last * (last / before);
        for (; next < end; next *= last / before) more.Add((int)next);
        return next == end ? more : throw Unreachable();

        UsageException Unreachable() => new($"--sweep has {setting}; the dots go on multiplying by {last} / {before}, which does not lead to {end}");
    }
}
