using System.CommandLine;

namespace CudaSearch.Cli.Recipes;

/// <summary>One option with its value, from a recipe or the command line.</summary>
/// <param name="Option">The option.</param>
/// <param name="Value">Its value; null: it is not given, and what an earlier setting gave no longer counts.</param>
/// <param name="Key">Its name as the user wrote it.</param>
/// <param name="Line">Its line in the recipe; null for the command line.</param>
internal sealed record OptionSetting(Option Option, string? Value, string Key, int? Line)
{
    /// <summary>
    /// The setting as the parser of command lines reads it: joined, as values may begin with a dash; but an empty value stands alone.
    /// </summary>
    public IEnumerable<string> Tokens => Value is null ? [] : Value.Length > 0 ? [$"{Option.Name}={Value}"] : [Option.Name, ""];

    /// <summary>A message about the value, with the name as the user knows it.</summary>
    public string Reword(string message) => message.Replace(Option.Name, Key, StringComparison.Ordinal);
}
