using System.Text.Json;

namespace CudaSearch.Tokenization;

/// <summary>A JSON value that knows where it stands, so that every complaint about it names file and key.</summary>
internal readonly struct JsonAt
{
    private readonly JsonElement _value;
    private readonly string _file;
    private readonly string _path;

    public JsonAt(JsonElement value, string file, string path = "")
    {
        _value = value;
        _file = file;
        _path = path;
    }

    public bool IsNull => _value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    public bool IsText => _value.ValueKind == JsonValueKind.String;

    /// <summary>A member; absent ones are null values.</summary>
    public JsonAt this[string key]
    {
        get
        {
            if (_value.ValueKind != JsonValueKind.Object) throw Refuse("an object");
            string path = _path.Length == 0 ? key : $"{_path}.{key}";
            return new JsonAt(_value.TryGetProperty(key, out JsonElement member) ? member : default, _file, path);
        }
    }

    public IEnumerable<(string Name, JsonAt Value)> Members()
    {
        if (_value.ValueKind != JsonValueKind.Object) throw Refuse("an object");
        foreach (JsonProperty member in _value.EnumerateObject())
            yield return (member.Name, new JsonAt(member.Value, _file, $"{_path}[{member.Name}]"));
    }

    public IEnumerable<JsonAt> Items()
    {
        if (_value.ValueKind != JsonValueKind.Array) throw Refuse("a list");
        int index = 0;
        foreach (JsonElement item in _value.EnumerateArray()) yield return new JsonAt(item, _file, $"{_path}[{index++}]");
    }

    public string Text() => IsText ? _value.GetString()! : throw Refuse("a string");

    public int Id(int limit) => _value.ValueKind == JsonValueKind.Number && _value.TryGetInt32(out int id) && id >= 0 && id < limit
        ? id
        : throw Refuse($"a token id from 0 to {limit - 1}");

    /// <summary>A Boolean; absent or null is false.</summary>
    public bool Flag() => _value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined or JsonValueKind.False => false,
        JsonValueKind.True => true,
        _ => throw Refuse("true or false"),
    };

    public void MustBe(string expected)
    {
        if (!IsText || Text() != expected) throw Refuse($"\"{expected}\"");
    }

    public void MustBe(bool expected)
    {
        if (Flag() != expected) throw Refuse(expected ? "true" : "false");
    }

    public void MustBeAbsent()
    {
        if (!IsNull && !(IsText && Text().Length == 0)) throw Refuse("absent or null");
    }

    /// <summary>The type of a component; null for an absent one.</summary>
    public string? Type() => IsNull ? null : this["type"].Text();

    public CudaSearchException Refuse(string supported) =>
        CudaSearchException.BadInput(
        $"{_file}: key {_path} is {Shown()}; supported is {supported}. Use a tokenizer.json of Llama-3's, Qwen2's or Llama-2's kind.");

    public CudaSearchException Wrong(string complaint) =>
        CudaSearchException.BadInput($"{_file}: key {_path}: {complaint}; get the file again from its model.");

    private string Shown()
    {
        if (IsNull) return "absent or null";
        string raw = _value.GetRawText();
        return raw.Length <= 80 ? raw : $"{raw.AsSpan(0, 77)}...";
    }
}
