using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace CudaSearch.Cli.Options;

/// <summary>Options whose values are checked, with a message that names the option, the value and what it must be.</summary>
internal static class Values
{
    private delegate bool TryParse<T>(string text, out T value);

    /// <summary>A whole number that is at least <paramref name="minimum"/>.</summary>
    public static Option<int> Integer(string name, string description, int otherwise, int minimum, params string[] aliases) =>
        Number<int>(name, aliases, description, otherwise, TryInteger, value => value >= minimum, $"a whole number, {minimum} or greater");

    /// <summary>A whole number that is at least <paramref name="minimum"/> and must be given.</summary>
    public static Option<int> RequiredInteger(string name, string description, int minimum, params string[] aliases)
    {
        Option<int> option = Create<int>(name, aliases, description, TryInteger, value => value >= minimum, $"a whole number, {minimum} or greater");
        option.Required = true;
        return option;
    }

    /// <summary>A whole number that is at least <paramref name="minimum"/>, or absent.</summary>
    public static Option<int?> OptionalInteger(string name, string description, int minimum) =>
        Create<int?>(
            name, [], description, (string text, out int? value) => (value = TryInteger(text, out int number) ? number : null) is not null,
            value => value >= minimum, $"a whole number, {minimum} or greater");

    /// <summary>A seed: any unsigned 64-bit number.</summary>
    public static Option<ulong> Seed(ulong otherwise) =>
        Number<ulong>(
            "--seed", [], "seed of every random draw", otherwise,
            (string text, out ulong value) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value), _ => true,
            "a whole number from 0 to 18446744073709551615");

    /// <summary>A finite number that passes <paramref name="accept"/>.</summary>
    public static Option<float> Real(string name, string description, float otherwise, Predicate<float> accept, string expected) =>
        Number<float>(
            name, [], description, otherwise,
            (string text, out float value) => float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value),
            value => float.IsFinite(value) && accept(value), expected);

    /// <summary>Positive whole numbers, separated by commas.</summary>
    public static Option<int[]> Numbers(string name, string description, int[] otherwise) => new(name)
    {
        Description = $"{description}, separated by commas",
        DefaultValueFactory = _ => otherwise,
        CustomParser = result =>
        {
            var numbers = new List<int>();
            foreach (string part in result.Tokens[^1].Value.Split(','))
            {
                if (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0) numbers.Add(number);
                else result.AddError($"{name} holds {part}; it must hold positive numbers such as 1,16,64");
            }
            return [.. numbers];
        },
    };

    /// <summary>One of a few names.</summary>
    public static Option<string> Choice(string name, string description, string otherwise, params IReadOnlyList<string> choices)
    {
        Option<string> option = OptionalChoice(name, $"{description}: {string.Join(", ", choices)}", choices)!;
        option.DefaultValueFactory = _ => otherwise;
        return option;
    }

    /// <summary>One of a few names, or absent.</summary>
    public static Option<string?> OptionalChoice(string name, string description, IReadOnlyList<string> choices) =>
        Create<string?>(
            name, [], description, (string text, out string? value) => (value = text) is not null, choices.Contains, $"one of {string.Join(", ", choices)}");

    /// <summary>A text that is checked.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">What it is for.</param>
    /// <param name="otherwise">Its default; null when it may be absent.</param>
    /// <param name="fault">What is wrong with a value; null when it is right.</param>
    public static Option<string?> Text(string name, string description, string? otherwise, Func<string, string?> fault)
    {
        var option = new Option<string?>(name)
        {
            Description = description,
            CustomParser = result =>
            {
                string text = result.Tokens[^1].Value;
                if (fault(text) is { } message) result.AddError(message);
                return text;
            },
        };
        if (otherwise is not null) option.DefaultValueFactory = _ => otherwise;
        return option;
    }

    private static bool TryInteger(string text, out int value) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private static Option<T> Number<T>(
        string name, string[] aliases, string description, T otherwise, TryParse<T> parse, Predicate<T> accept, string expected)
    {
        Option<T> option = Create(name, aliases, description, parse, accept, expected);
        option.DefaultValueFactory = _ => otherwise;
        return option;
    }

    private static Option<T> Create<T>(string name, string[] aliases, string description, TryParse<T> parse, Predicate<T> accept, string expected) =>
        new(name, aliases)
        {
            Description = description,
            CustomParser = result => Parse(result, name, parse, accept, expected),
        };

    private static T? Parse<T>(ArgumentResult result, string name, TryParse<T> parse, Predicate<T> accept, string expected)
    {
        string text = result.Tokens[^1].Value;
        if (parse(text, out T value) && accept(value)) return value;
        result.AddError($"{name} is {text}; it must be {expected}");
        return default;
    }
}
