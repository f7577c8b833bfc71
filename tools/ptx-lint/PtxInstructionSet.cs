using System.Text;

namespace PtxLint;

/// <summary>What an instruction needs.</summary>
/// <param name="Version">The PTX version that brought it.</param>
/// <param name="Architecture">The least architecture, 90 for <c>sm_90</c> and <c>sm_90a</c>.</param>
/// <param name="OnlyThere">It exists on that very target alone (<c>sm_90a</c>).</param>
public readonly record struct PtxRequirement(Version Version, int Architecture, bool OnlyThere);

/// <summary>
/// The instructions a kernel may hold, as whole names. clang passes inline assembly through unread and there may be no assembler at hand to
/// read it, so a name that is not here is taken for a mistake: a list of prefixes would let <c>wgmma.fense</c> pass.
/// </summary>
public static class PtxInstructionSet
{
    private static readonly Dictionary<string, PtxRequirement> s_instructions = Read();

    /// <summary>What an instruction needs, or null for one that is not on the list.</summary>
    public static PtxRequirement? Find(string name) => s_instructions.TryGetValue(name, out PtxRequirement found) ? found : null;

    /// <summary>Reads the number and the letter of a target such as <c>sm_90a</c>; architecture 0 for anything else.</summary>
    public static (int Architecture, bool Specific) ReadTarget(string target)
    {
        if (!target.StartsWith("sm_", StringComparison.Ordinal)) return (0, false);
        bool specific = target.EndsWith('a');
        ReadOnlySpan<char> number = target.AsSpan(3, target.Length - 3 - (specific ? 1 : 0));
        return int.TryParse(number, out int architecture) ? (architecture, specific) : (0, false);
    }

    // A line of instructions.txt: names, PTX version, target. {a,b} in a name stands for either, as in a shell.
    private static Dictionary<string, PtxRequirement> Read()
    {
        using Stream stream = typeof(PtxInstructionSet).Assembly.GetManifestResourceStream("instructions.txt")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var instructions = new Dictionary<string, PtxRequirement>();
        while (reader.ReadLine() is { } line)
        {
            string[] words = line.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0) continue;
            if (words.Length != 3) throw new InvalidDataException($"instructions.txt: \"{line}\" is not: names, version, target");
            (int architecture, bool specific) = ReadTarget(words[2]);
            var requirement = new PtxRequirement(Version.Parse(words[1]), architecture, specific);
            foreach (string name in Expand(words[0])) instructions.Add(name, requirement);
        }
        return instructions;
    }

    private static IEnumerable<string> Expand(string names)
    {
        int open = names.IndexOf('{');
        if (open < 0) return [names];
        int close = names.IndexOf('}', open);
        return names[(open + 1)..close].Split(',')
            .SelectMany(choice => Expand(names[(close + 1)..]).Select(rest => names[..open] + choice + rest));
    }
}
