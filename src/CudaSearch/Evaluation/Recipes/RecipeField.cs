using System.Globalization;

namespace CudaSearch.Evaluation.Recipes;

/// <summary>What a value of a recipe's field comes to: a value of an option, nothing, or a fault.</summary>
/// <param name="Value">The option's value; null leaves the option alone.</param>
/// <param name="Note">What the user should know.</param>
/// <param name="Fault">What is wrong with the value, to follow the field's name.</param>
public readonly record struct FieldReading(string? Value, string? Note = null, string? Fault = null);

/// <summary>A field of search-and-learn's configuration.</summary>
/// <param name="Name">Its name there, e.g. <c>num_iterations</c>.</param>
/// <param name="Option">The option of <c>eval</c> that it sets, e.g. <c>--iterations</c>; null when it sets none.</param>
/// <param name="IsSwitch">Whether its value is true or false, so that on a command line its bare name means true.</param>
/// <param name="Read">Checks a value (null: YAML's null) and says what it comes to.</param>
public sealed record RecipeField(string Name, string? Option, bool IsSwitch, Func<string?, FieldReading> Read)
{
    /// <summary>Whether an unquoted value means that there is none.</summary>
    public static bool IsNull(string value) => value is "" or "~" or "null" or "Null" or "NULL" or "none" or "None";

    /// <summary>A field whose value is the option's; the option checks it.</summary>
    internal static RecipeField Same(string name, string option) =>
        new(name, option, IsSwitch: false, value => value is null
            ? new FieldReading(null, Fault: "needs a value")
            : new FieldReading(value));

    /// <summary>As <see cref="Same"/>, where null stands for the option not being given.</summary>
    internal static RecipeField Optional(string name, string option) =>
        new(name, option, IsSwitch: false, value => new FieldReading(value));

    /// <summary>A field that is true or false.</summary>
    internal static RecipeField Switch(string name, string option) => new(name, option, IsSwitch: true, value => Truth(value) switch
    {
        { } truth => new FieldReading(truth ? "true" : "false"),
        null => NoTruth(value),
    });

    /// <summary>A field that means nothing here; its value is checked all the same.</summary>
    internal static RecipeField Ignored(string name, Func<string, string?> fault, string why) =>
        new(name, Option: null, IsSwitch: false, value =>
        value is null ? default
        : fault(value) is { } message ? new FieldReading(null, Fault: message)
        : new FieldReading(null, Note: why));

    /// <summary>As <see cref="Ignored"/>, of a field that is true or false. Only a value other than its default is worth a note.</summary>
    internal static RecipeField IgnoredSwitch(string name, bool otherwise, string why) =>
        new(name, Option: null, IsSwitch: true, value => Truth(value) switch
    {
        null => NoTruth(value),
        { } truth => truth == otherwise ? default : new FieldReading(null, Note: why),
    });

    /// <summary>True and false as search-and-learn's command line writes them; null when it is neither.</summary>
    public static bool? Truth(string? value) => bool.TryParse(value, out bool truth) ? truth : null;

    internal static string? NoText(string value) => null;

    internal static string? NoWholeNumber(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= 1
            ? null
            : $"is {value}; it must be a whole number, 1 or greater";

    internal static string? NoFraction(string value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number is > 0 and <= 1
            ? null
            : $"is {value}; it must be a number greater than 0, at most 1";

    internal static FieldReading NoTruth(string? value) => new(null, Fault: $"is {value ?? "null"}; it must be true or false");
}
