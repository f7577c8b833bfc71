using System.Text.Json;

namespace CudaSearch.Checkpoints;

/// <summary>
/// Typed reading of one object of a config file. A key that is absent or null has no value; a value of the wrong kind or out of
/// range is a fault that names file and key.
/// </summary>
internal readonly struct ConfigObject(JsonElement element, string where)
{
    /// <summary>The limit of every size: larger ones are damage, and products of two still fit into 64 bits.</summary>
    public const int MaxSize = 1 << 24;

    /// <summary>The value of a key; null when it is absent or null.</summary>
    public JsonElement? Value(string key) =>
        element.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>All keys and values.</summary>
    public JsonElement.ObjectEnumerator Properties => element.EnumerateObject();

    /// <summary>A size from 1 to <see cref="MaxSize"/>.</summary>
    public int? Size(string key)
    {
        if (Value(key) is not JsonElement value) return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out int size) || size is < 1 or > MaxSize)
            throw Fault(key, value, $"an integer from 1 to {MaxSize} is needed");
        return size;
    }

    /// <summary>A size that must be there.</summary>
    public int RequiredSize(string key) =>
        Size(key) ?? throw CudaSearchException.BadInput($"{where}: {key} is missing; an integer from 1 to {MaxSize} is needed");

    /// <summary>A finite number of at least <paramref name="min"/>, or above it.</summary>
    public double? Number(string key, double min, bool above = false)
    {
        if (Value(key) is not JsonElement value) return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double number) || !double.IsFinite(number)
            || number < min || (above && number == min))
            throw Fault(key, value, $"a finite number {(above ? "above" : "of at least")} {min} is needed");
        return number;
    }

    /// <summary>True or false.</summary>
    public bool? Boolean(string key)
    {
        if (Value(key) is not JsonElement value) return null;
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) throw Fault(key, value, "true or false is needed");
        return value.GetBoolean();
    }

    /// <summary>A string.</summary>
    public string? String(string key)
    {
        if (Value(key) is not JsonElement value) return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Fault(key, value, "a string is needed");
    }

    /// <summary>A list of strings.</summary>
    public string[]? Strings(string key)
    {
        if (Value(key) is not JsonElement value) return null;
        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
            throw Fault(key, value, "a list of strings is needed");
        return [.. value.EnumerateArray().Select(item => item.GetString()!)];
    }

    /// <summary>An object.</summary>
    public ConfigObject? Object(string key)
    {
        if (Value(key) is not JsonElement value) return null;
        return value.ValueKind == JsonValueKind.Object ? new ConfigObject(value, $"{where}: {key}") : throw Fault(key, value, "an object is needed");
    }

    /// <summary>A token id below <paramref name="vocabSize"/>.</summary>
    public int? TokenId(string key, int vocabSize) => Value(key) is JsonElement value ? TokenId(key, value, vocabSize) : null;

    /// <summary>One token id or an array of them, each below <paramref name="vocabSize"/>.</summary>
    public int[]? TokenIds(string key, int vocabSize)
    {
        if (Value(key) is not JsonElement value) return null;
        if (value.ValueKind != JsonValueKind.Array) return [TokenId(key, value, vocabSize)];
        int[] ids = new int[value.GetArrayLength()];
        int i = 0;
        foreach (JsonElement item in value.EnumerateArray()) ids[i++] = TokenId(key, item, vocabSize);
        return ids;
    }

    /// <summary>The exception for a value that cannot be taken.</summary>
    public CudaSearchException Fault(string key, JsonElement value, string needed) =>
        CudaSearchException.BadInput($"{where}: {key} is {StrictJson.Show(value)}; {needed}");

    private int TokenId(string key, JsonElement value, int vocabSize)
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out int id) || id < 0 || id >= vocabSize)
            throw Fault(key, value, $"a token id from 0 to {vocabSize - 1} (vocab_size - 1) is needed");
        return id;
    }
}
