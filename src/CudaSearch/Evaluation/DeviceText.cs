using CudaSearch.Backends;

namespace CudaSearch.Evaluation;

/// <summary>A device in words, with what the models on it are kept in.</summary>
public static class DeviceText
{
    /// <summary>E.g. <c>CPU, 2 threads, …, fp8 weights, fp8 KV</c>.</summary>
    /// <param name="device">The device's own name.</param>
    /// <param name="generator">Of the generator; null for none.</param>
    /// <param name="prm">Of the process reward model; null for none.</param>
    public static string Of(string device, ModelPrecision? generator, ModelPrecision? prm = null)
    {
        ModelPrecision first = generator ?? prm ?? default, second = prm ?? first;
        if (first == second) return first == default ? device : $"{device}, {first}";
        return $"{device}, generator: {Words(first)}, PRM: {Words(second)}";
    }

    private static string Words(ModelPrecision precision) => precision == default ? "as stored" : precision.ToString().Replace(", ", " and ", StringComparison.Ordinal);
}
