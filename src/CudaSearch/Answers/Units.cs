namespace CudaSearch.Answers;

/// <summary>The words that search-and-learn deletes as units, in its order.</summary>
/// <remarks>
/// The list is data from search-and-learn (Hugging Face, Apache-2.0, itself adapted from Qwen2.5-Math) and is kept to the letter:
/// misspellings, repetitions, mojibake and the leading space of one entry decide what is deleted. Most of it stems from the MathQA data
/// set.
/// </remarks>
internal static class Units
{
    private static readonly string[] s_singular =
    [
        "east", "degree", "mph", "kmph", "ft", "m sqaure", " m east", "sq m", "deg", "mile", "q .", "monkey", "prime", "ratio", "profit of rs", "rd", "o",
        "gm", "p . m", "lb", "tile", "per", "dm", "lt", "gain", "ab", "way", "west", "a .", "b .", "c .", "d .", "e .", "f .", "g .", "h .", "t", "a", "h",
        "no change", "men", "soldier", "pie", "bc", "excess", "st", "inches", "noon", "percent", "by", "gal", "kmh", "c", "acre", "rise", "a . m", "th",
        "π r 2", "sq", "mark", "l", "toy", "coin", "sq . m", "gallon", "° f", "profit", "minw", "yr", "women", "feet", "am", "pm", "hr", "cu cm", "square",
        "v â € ™", "are", "rupee", "rounds", "cubic", "cc", "mtr", "s", "ohm", "number", "kmph", "day", "hour", "minute", "min", "second", "man", "woman",
        "sec", "cube", "mt", "sq inch", "mp", "∏ cm ³", "hectare", "more", "sec", "unit", "cu . m", "cm 2", "rs .", "rs", "kg", "g", "month", "km", "m",
        "cm", "mm", "apple", "liter", "loss", "yard", "pure", "year", "increase", "decrease", "d", "less", "Surface", "litre", "pi sq m", "s .", "metre",
        "meter", "inch",
    ];

    /// <summary>Every unit, then every unit with an <c>s</c> appended.</summary>
    public static IReadOnlyList<string> InOrder { get; } = [.. s_singular, .. s_singular.Select(unit => unit + "s")];
}
