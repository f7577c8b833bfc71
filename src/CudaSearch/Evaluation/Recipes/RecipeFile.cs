using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CudaSearch.Evaluation.Recipes;

/// <summary>
/// Reads a recipe: a YAML mapping from names to single values, search-and-learn's format. It works on the parser's events, so that every
/// fault has
/// its line and nothing is looked up by reflection.
/// </summary>
public static class RecipeFile
{
    /// <summary>The settings of a file in its order. What is wrong with it is added to <paramref name="faults"/> and left out.</summary>
    /// <exception cref="CudaSearchException">The file cannot be read.</exception>
    public static IReadOnlyList<RecipeEntry> Read(string path, ICollection<RecipeFault> faults) => Parse(ReadText(path), faults);

    /// <summary>As <see cref="Read"/>, of a text.</summary>
    public static IReadOnlyList<RecipeEntry> Parse(string text, ICollection<RecipeFault> faults)
    {
        var entries = new List<RecipeEntry>();
        using var reader = new StringReader(text);
        var parser = new Parser(new Scanner(reader, skipComments: true));
        try
        {
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _)) return entries;
            parser.Consume<DocumentStart>();
            ReadMapping(parser, entries, faults);
            parser.Consume<DocumentEnd>();
            if (parser.Accept<DocumentStart>(out DocumentStart? second))
                faults.Add(new RecipeFault(LineOf(second), "a recipe is one YAML document, and here begins another"));
        }
        catch (YamlException e)
        {
            string end = e.End.Line == e.Start.Line ? "" : $" up to line {e.End.Line}";
            faults.Add(new RecipeFault((int)e.Start.Line, $"not valid YAML{end}: {FirstLine(e.Message)}"));
        }
        return entries;
    }

    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw CudaSearchException.BadInput(
                $"{path}: cannot read the recipe: {(Directory.Exists(path) ? "this is a directory" : e.Message)}", e);
        }
    }

    private static void ReadMapping(Parser parser, List<RecipeEntry> entries, ICollection<RecipeFault> faults)
    {
        if (!parser.TryConsume<MappingStart>(out _))
        {
            // A file of comments only is an empty document: one empty scalar.
            if (parser.Accept<Scalar>(out Scalar? scalar) && IsNull(scalar)) parser.MoveNext();
            else
            {
                faults.Add(new RecipeFault(
                    LineOf(parser.Current!),
                    $"a recipe holds lines of the form \"name: value\", but here is {Kind(parser.Current!)}"));
                parser.SkipThisAndNestedEvents();
            }
            return;
        }
        var seen = new Dictionary<string, int>();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (!parser.TryConsume<Scalar>(out Scalar? key))
            {
                faults.Add(new RecipeFault(LineOf(parser.Current!), $"a name has to be a text, but is {Kind(parser.Current!)}"));
                parser.SkipThisAndNestedEvents();
                parser.SkipThisAndNestedEvents();
                continue;
            }
            int line = LineOf(key);
            bool isFirst = seen.TryAdd(key.Value.Replace('-', '_'), line);
            if (!isFirst)
                faults.Add(new RecipeFault(line, $"{key.Value} is given twice; it is on line {seen[key.Value.Replace('-', '_')]} already"));
            if (parser.TryConsume<Scalar>(out Scalar? value))
            {
                if (isFirst) entries.Add(new RecipeEntry(key.Value, IsNull(value) ? null : value.Value, line));
                continue;
            }
            faults.Add(new RecipeFault(line, $"{key.Value} has to be a single value, but is {Kind(parser.Current!)}"));
            parser.SkipThisAndNestedEvents();
        }
    }

    /// <summary>YAML's nulls, and Python's, which search-and-learn's users write too; a quoted "null" is a text.</summary>
    private static bool IsNull(Scalar scalar) =>
        scalar.Style == ScalarStyle.Plain && RecipeField.IsNull(scalar.Value);

    private static int LineOf(ParsingEvent at) => (int)at.Start.Line;

    private static string Kind(ParsingEvent at) => at switch
    {
        MappingStart => "a mapping",
        SequenceStart => "a list",
        AnchorAlias => "a reference to another value",
        _ => "a text alone",
    };

    private static string FirstLine(string message) => message.Split('\n', 2)[0].TrimEnd();
}
