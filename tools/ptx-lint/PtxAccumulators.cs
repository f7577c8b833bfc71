using System.Globalization;
using System.Text.RegularExpressions;

namespace PtxLint;

/// <summary>
/// Between a <c>wgmma.mma_async</c> and the wait for it nothing else may touch its accumulators, nor a left operand in registers. The compiler does not know
/// that: to it the registers are final, or free, where the instruction stands, and a copy that it adds there would be of numbers on their way. An assembler would
/// make the products wait for each other.
/// </summary>
internal static partial class PtxAccumulators
{
    private const string Product = "wgmma.mma_async.";
    private const string Commit = "wgmma.commit_group.sync.aligned";
    private const string Wait = "wgmma.wait_group.sync.aligned";

    /// <summary>Follows the text from top to bottom, which is how the blocks of a main loop lie: products, then the waits, then what reads the sums.</summary>
    public static IEnumerable<PtxViolation> Check(PtxModule module)
    {
        HashSet<string> open = [];
        Queue<HashSet<string>> groups = [];
        foreach (PtxInstruction instruction in module.Instructions)
        {
            if (instruction.Name.StartsWith(Product, StringComparison.Ordinal))
            {
                open.UnionWith(Registers(instruction.Operands[..(instruction.Operands.LastIndexOf('}') + 1)]));
            }
            else if (instruction.Name == Commit)
            {
                groups.Enqueue(open);
                open = [];
            }
            else if (instruction.Name == Wait)
            {
                int inFlight = int.Parse(instruction.Operands, CultureInfo.InvariantCulture);
                if (inFlight == 0) open.Clear();
                while (groups.Count > inFlight) groups.Dequeue();
            }
            else if (open.Count + groups.Count > 0
                && Registers(instruction.Operands).FirstOrDefault(register => open.Contains(register) || groups.Any(group => group.Contains(register))) is { } touched)
            {
                yield return new(instruction.Line, $"{instruction.Name} touches {touched}, which a product in flight adds to or reads");
            }
        }
    }

    private static IEnumerable<string> Registers(string operands) => Register().Matches(operands).Select(match => match.Value);

    [GeneratedRegex(@"%[a-z]+\d+")]
    private static partial Regex Register();
}
