namespace CudaSearch.Answers.Algebra;

/// <summary>Units of measure by their usual names, for telling them from products of variables and from each other.</summary>
internal static class UnitNames
{
    private static readonly string[][] s_synonyms =
    [
        ["cm", "centimeter", "centimetre"], ["mm", "millimeter", "millimetre"], ["km", "kilometer", "kilometre"], ["m", "meter", "metre"],
        ["in", "inch", "inche"], ["ft", "foot", "feet"],
        ["mile", "mi"], ["yard", "yd"], ["kg", "kilogram"], ["mg", "milligram"], ["g", "gram"], ["pound", "lb"], ["ounce", "oz"], ["hour",
        "hr", "h"], ["minute", "min"],
        ["second", "sec", "s"], ["day"], ["week"], ["month"], ["year", "yr"], ["dollar", "usd"], ["cent"], ["euro"], ["yuan"], ["liter",
        "litre", "l"], ["ml", "milliliter", "millilitre"],
        ["gallon", "gal"], ["mph"], ["unit"], ["square unit"], ["people"], ["student"], ["way"], ["point"], ["time"], ["inches"],
    ];

    private static readonly Dictionary<string, string> s_names =
        s_synonyms.SelectMany(names => names.Select(name => (name, names[0]))).ToDictionary(pair => pair.name, pair => pair.Item2, StringComparer.Ordinal);

    /// <summary>Whether a word is a unit and could hardly be a product of variables.</summary>
    public static bool IsUnitWord(string word) => word.Length > 1 && word is not ("in" or "mi" or "hr" or "yd" or "oz" or "gal" or "min") && Find(word) is not null;

    /// <summary>The one name of a unit with its power, such as <c>cm^2</c> for "square centimeters"; null for words that are no unit.</summary>
    public static string? Canonical(string words)
    {
        string[] parts = words.ToLowerInvariant().Replace("^", " ^").Split([' ', '.', '{', '}'], StringSplitOptions.RemoveEmptyEntries);
        string power = parts.Any(IsSquare) ? "^2" : parts.Any(IsCubic) ? "^3" : "";
        string[] names = [.. parts.Where(part => !IsSquare(part) && !IsCubic(part))];
        return names.Length == 1 && Find(names[0]) is { } name && name != "unit" ? name + power : null;
    }

    private static bool IsSquare(string part) => part is "square" or "sq" or "^2";

    private static bool IsCubic(string part) => part is "cubic" or "cu" or "^3";

    private static string? Find(string word)
    {
        string lower = word.ToLowerInvariant();
        if (s_names.TryGetValue(lower, out string? name)) return name;
        return lower.Length > 2 && lower[^1] == 's' ? s_names.GetValueOrDefault(lower[..^1]) : null;
    }
}
