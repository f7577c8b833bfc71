using System.Globalization;
using CudaSearch.Backends;
using CudaSearch.Evaluation.Throughput;

namespace CudaSearch.Cli.Rendering;

/// <summary>A pass taken apart, as <c>profile</c> prints it.</summary>
internal static class ProfileTable
{
    /// <summary>Above what <see cref="Figures"/> makes.</summary>
    public const string FiguresHeader = " us in all         MB  GFLOP     GB/s  TFLOP/s   bound by  of max";

    public static void Write(TextWriter output, PassProfile profile)
    {
        output.WriteLine();
        output.WriteLine(Describe(profile));
        if (profile.Ceilings is { } ceilings) output.WriteLine(Describe(ceilings));
        int name = Math.Max("observed, begin to end".Length, profile.Kernels.Max(kernel => kernel.Name.Length)), shape = Math.Max(5, profile.Kernels.Max(kernel => kernel.Shape.Length));
        output.WriteLine($"{"kernel".PadRight(name)}  {"shape".PadRight(shape)}  launches   us each  {FiguresHeader}");
        foreach (KernelProfile kernel in profile.Kernels)
        {
            string figures = Figures(kernel.Seconds, kernel.Cost, profile.Ceilings);
            output.WriteLine(Text($"{kernel.Name.PadRight(name)}  {kernel.Shape.PadRight(shape)}  {kernel.Launches,8}  {kernel.Seconds / kernel.Launches * 1e6,8:0.0}  {figures}"));
        }
        OperationCost sum = profile.Kernels.Aggregate(default(OperationCost), (total, kernel) => total + kernel.Cost);
        int launches = profile.Kernels.Sum(kernel => kernel.Launches);
        output.WriteLine(Text($"{Pad("all kernels")}  {launches,8}            {Amounts(profile.KernelSeconds, sum)}"));
        WriteTotal("between them", profile.ObservedGapSeconds);
        WriteTotal("observed, begin to end", profile.ObservedSeconds);
        WriteTotal("as it runs", profile.WholeSeconds, $"{profile.Tokens / profile.WholeSeconds:0.0} tok/s; {profile.WholeGapSeconds * 1e6:0.0} us of it between kernels");
        if (profile is { FloorSeconds: { } floor, KernelFloorSeconds: { } kernels })
        {
            WriteTotal("floor of these kernels", kernels);
            WriteTotal("floor of the pass", floor, $"weights and KV once; it runs at {profile.WholeSeconds / floor:0.00} x");
        }

        if (profile.Ceilings is { } most && profile.Kernels.Any(kernel => kernel.Cost.FloorSeconds(most) > kernel.Seconds))
            output.WriteLine("more than 100 %: caches held what in a larger model comes from memory");

        string Pad(string text) => text.PadRight(name + 2 + shape);
        void WriteTotal(string what, double seconds, FormattableString? remark = null) =>
            output.WriteLine(Text($"{Pad(what)}                      {seconds * 1e6,10:0.0}{(remark is null ? "" : "  " + Text(remark))}"));
    }

    /// <summary>Time, amounts, rates, and how near to the ceiling that binds.</summary>
    public static string Figures(double seconds, OperationCost cost, Ceilings? ceilings)
    {
        string near = ceilings is { } most
            ? Text($"{(cost.IsComputeBound(most) ? "products" : "memory"),9}  {cost.FloorSeconds(most) / seconds,6:0 %}")
            : $"{"-",9}  {"-",6}";
        return $"{Amounts(seconds, cost)}  {near}";
    }

    /// <summary>One line that tells what pass it is.</summary>
    public static string Describe(PassProfile profile)
    {
        PassCase kind = profile.Case;
        return kind.Sequences == 0
            ? $"prefill of {kind.Prefix} tokens"
            : $"decode of {kind.Sequences} sequences, {kind.Prefix} tokens shared and {kind.Own} of their own, sharing {(kind.Share ? "on" : "off")}";
    }

    /// <summary>One line that tells what the device can do.</summary>
    public static string Describe(Ceilings ceilings) => Text(
        $"ceilings, probed beside it: reading {ceilings.BytesPerSecond / 1e9:0} GB/s, {(ceilings.CopiedBytesPerSecond is { } copied ? Text($"copying {copied / 1e9:0} GB/s, ") : "")}{ceilings.Operations} products {ceilings.OperationsPerSecond / 1e12:0.00} TFLOP/s");

    private static string Amounts(double seconds, OperationCost cost) => Text(
        $"{seconds * 1e6,10:0.0}  {cost.Bytes / 1e6,9:0.00}  {cost.Flops / 1e9,5:0.00}  {cost.Bytes / seconds / 1e9,7:0.0}  {cost.Flops / seconds / 1e12,7:0.00}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
