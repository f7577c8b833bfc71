using System.Text.RegularExpressions;

namespace PtxLint;

/// <summary>
/// Between a <c>wgmma.mma_async</c> and the wait for it nothing else may touch its accumulators. The compiler does not know that: to it the registers are
/// final where the instruction stands, and a copy that it adds there would be of numbers on their way. An assembler would make the products wait for each other.
/// </summary>
internal static partial class PtxAccumulators
{
    private const string Product = "wgmma.mma_async.";
    private const string Wait = "wgmma.wait_group.sync.aligned";

    /// <summary>Follows the text from top to bottom, which is how the blocks of a main loop lie: products, then the waits, then what reads the sums.</summary>
    public static IEnumerable<PtxViolation> Check(PtxModule module)
    {
        HashSet<string> inFlight = [];
        foreach (PtxInstruction instruction in module.Instructions)
        {
            if (instruction.Name.StartsWith(Product, StringComparison.Ordinal))
            {
                inFlight.UnionWith(Registers(instruction.Operands[..(instruction.Operands.IndexOf('}') + 1)]));
            }
            else if (instruction.Name == Wait)
            {
                // With some groups still in flight it is not told which: all of them stay.
                if (instruction.Operands == "0") inFlight.Clear();
            }
            else if (inFlight.Count > 0 && Registers(instruction.Operands).FirstOrDefault(inFlight.Contains) is { } touched)
            {
                yield return new(instruction.Line, $"{instruction.Name} touches {touched}, which a product in flight adds to");
            }
        }
    }

    private static IEnumerable<string> Registers(string operands) => Register().Matches(operands).Select(match => match.Value);

    [GeneratedRegex(@"%[a-z]+\d+")]
    private static partial Regex Register();
}
