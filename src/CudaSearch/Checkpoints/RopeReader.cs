using System.Text.Json;

namespace CudaSearch.Checkpoints;

/// <summary>
/// Reads the rotary embedding's settings in either of Hugging Face's spellings: <c>rope_theta</c> beside <c>rope_scaling</c>, or
/// both within <c>rope_parameters</c> (transformers 5).
/// </summary>
internal static class RopeReader
{
    private const double DefaultTheta = 10000;

    public static (double Theta, Llama3RopeScaling? Scaling) Read(ConfigObject json, string where)
    {
        if (json.Number("partial_rotary_factor", min: 0) is double part && part != 1)
            throw CudaSearchException.BadInput($"{where}: partial_rotary_factor is {part}; supported is 1");
        double? theta = json.Number("rope_theta", min: 1);
        ConfigObject? older = json.Object("rope_scaling"), newer = json.Object("rope_parameters");
        Llama3RopeScaling? scaling = older is { } a ? ReadScaling(a, $"{where}: rope_scaling") : null;
        if (newer is not { } parameters) return (theta ?? DefaultTheta, scaling);

        double? innerTheta = parameters.Number("rope_theta", min: 1);
        Llama3RopeScaling? innerScaling = ReadScaling(parameters, $"{where}: rope_parameters");
        if (theta is not null && innerTheta is not null && theta != innerTheta)
            throw CudaSearchException.BadInput($"{where}: rope_theta is {theta} but rope_parameters says {innerTheta}; remove one of them");
        if (older is not null && scaling != innerScaling)
            throw CudaSearchException.BadInput($"{where}: rope_scaling and rope_parameters differ; remove one of them");
        return (innerTheta ?? theta ?? DefaultTheta, innerScaling);
    }

    private static Llama3RopeScaling? ReadScaling(ConfigObject json, string where)
    {
        foreach (JsonProperty property in json.Properties)
        {
            if (property.Value.ValueKind == JsonValueKind.Object)
                throw CudaSearchException.BadInput($"{where}: {StrictJson.Quote(property.Name)} is an object; settings that differ between layers are not supported");
        }
        // "type" is the older spelling of "rope_type".
        string type = json.String("rope_type") ?? json.String("type") ?? "default";
        if (type == "default") return null;
        if (type != "llama3") throw CudaSearchException.BadInput($"{where}: rope_type is {StrictJson.Quote(type)}; supported are default and llama3");
        double low = Required("low_freq_factor", json.Number("low_freq_factor", min: 0, above: true));
        double high = Required("high_freq_factor", json.Number("high_freq_factor", min: 0, above: true));
        if (high <= low) throw CudaSearchException.BadInput($"{where}: high_freq_factor is {high}; it must be above low_freq_factor, {low}");
        double factor = Required("factor", json.Number("factor", min: 1));
        return new Llama3RopeScaling(factor, low, high, json.RequiredSize("original_max_position_embeddings"));

        double Required(string key, double? value) =>
            value ?? throw CudaSearchException.BadInput($"{where}: {key} is missing; rope_type llama3 needs it");
    }
}
