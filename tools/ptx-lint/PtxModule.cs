using System.Text.RegularExpressions;

namespace PtxLint;

/// <summary>One instruction of a PTX text: its whole name with all modifiers, its line (from 1), and what it works on.</summary>
/// <param name="Name">For example <c>ld.global.nc.L1::no_allocate.v4.u32</c>.</param>
/// <param name="Line">Where it stands.</param>
/// <param name="Operands">The text behind the name.</param>
public readonly record struct PtxInstruction(string Name, int Line, string Operands = "");

/// <summary>One parameter of a kernel in the parameter block.</summary>
/// <param name="Offset">Bytes from the start of the block.</param>
/// <param name="Size">Bytes.</param>
public readonly record struct PtxParameter(int Offset, int Size);

/// <summary>A kernel that a module exports.</summary>
/// <param name="Name">Function name.</param>
/// <param name="Parameters">In order, laid out as the driver lays them out.</param>
/// <param name="Line">Where it stands.</param>
public sealed record PtxEntry(string Name, IReadOnlyList<PtxParameter> Parameters, int Line);

/// <summary>As much of a PTX text as a check needs: header, kernels, instructions, and the declarations between them.</summary>
public sealed partial class PtxModule
{
    /// <summary>PTX version, for example 8.5; 0.0 where the text gives none.</summary>
    public Version Version { get; private init; } = new(0, 0);

    /// <summary>For example <c>sm_90a</c>; empty where the text gives none.</summary>
    public string Target { get; private init; } = "";

    /// <summary>Every kernel, in order.</summary>
    public IReadOnlyList<PtxEntry> Entries { get; private init; } = [];

    /// <summary>Every instruction, in order.</summary>
    public IReadOnlyList<PtxInstruction> Instructions { get; private init; } = [];

    /// <summary>Directives other than the header: <c>.reg</c>, <c>.local</c>, <c>.func</c>… with their whole text.</summary>
    public IReadOnlyList<PtxInstruction> Directives { get; private init; } = [];

    /// <summary>Reads a PTX text.</summary>
    public static PtxModule Parse(string text)
    {
        text = Comment().Replace(text, static comment => Blank(comment.Value));
        Match version = VersionDirective().Match(text);
        Match target = TargetDirective().Match(text);
        // Neither the header nor the head of a function ends with a semicolon, as all the rest does.
        string body = FunctionHead().Replace(HeaderDirective().Replace(text, ""), "$1;{");
        var instructions = new List<PtxInstruction>();
        var directives = new List<PtxInstruction>();
        int line = 1;
        foreach (string piece in body.Split(';'))
        {
            // What stands before a statement in the same piece: scopes that open or close, labels, the predicate.
            Match before = BeforeStatement().Match(piece);
            string statement = piece[before.Length..];
            int at = line + piece.AsSpan(0, before.Length).Count('\n');
            Match name = InstructionName().Match(statement);
            if (name.Success) instructions.Add(new PtxInstruction(name.Value, at, statement[name.Length..].Trim()));
            else if (statement.Length > 0) directives.Add(new PtxInstruction(statement.TrimEnd(), at));
            line += piece.AsSpan().Count('\n');
        }
        return new PtxModule
        {
            Version = version.Success ? Version.Parse(version.Groups[1].Value) : new Version(0, 0),
            Target = target.Groups[1].Value,
            Entries = [.. Entry().Matches(text).Select(match =>
                new PtxEntry(match.Groups[1].Value, Layout(match.Groups[2].Value), LineOf(text, match.Index)))],
            Instructions = instructions,
            Directives = directives,
        };
    }

    private static List<PtxParameter> Layout(string list)
    {
        var parameters = new List<PtxParameter>();
        int end = 0;
        foreach (Match match in Parameter().Matches(list))
        {
            int element = int.Parse(match.Groups["bits"].Value) / 8;
            int size = match.Groups["count"] is { Success: true } count ? element * int.Parse(count.Value) : element;
            int alignment = match.Groups["align"] is { Success: true } align ? int.Parse(align.Value) : element;
            int offset = (end + alignment - 1) / alignment * alignment;
            parameters.Add(new PtxParameter(offset, size));
            end = offset + size;
        }
        return parameters;
    }

    private static int LineOf(string text, int index) => 1 + text.AsSpan(0, index).Count('\n');

    private static string Blank(string comment) => new('\n', comment.AsSpan().Count('\n'));

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"^(\s|[{}]|[$\w]+:(?!:)|@!?%?[$\w]+\s)*")]
    private static partial Regex BeforeStatement();

    [GeneratedRegex(@"^[a-z][\w.:]*")]
    private static partial Regex InstructionName();

    [GeneratedRegex(@"(\.(?:entry|func)\b[^{;]*)\{")]
    private static partial Regex FunctionHead();

    [GeneratedRegex(@"^\.(version|target|address_size)[^\n]*", RegexOptions.Multiline)]
    private static partial Regex HeaderDirective();

    [GeneratedRegex(@"^\.version\s+(\d+\.\d+)", RegexOptions.Multiline)]
    private static partial Regex VersionDirective();

    [GeneratedRegex(@"^\.target\s+(\w+)", RegexOptions.Multiline)]
    private static partial Regex TargetDirective();

    [GeneratedRegex(@"\.entry\s+([$\w]+)\s*\(([^)]*)\)")]
    private static partial Regex Entry();

    [GeneratedRegex(@"\.param\s+(?:\.align\s+(?<align>\d+)\s+)?\.(?:u|s|b|f)(?<bits>\d+)\s+[$\w]+(?:\[(?<count>\d+)\])?")]
    private static partial Regex Parameter();
}
