namespace CudaSearch.Backends;

/// <summary>
/// What logits and rewards are rounded to, to the nearest, ties to even: a model that runs in this type rounds each of its two logits and then the softmax over
/// them, and rewards that differ may come out equal. Sums are float32 in any case.
/// </summary>
public enum RewardRounding
{
    /// <summary>Not at all: float32.</summary>
    None,

    /// <summary>bfloat16: 8 bits, so steps of 1/256 between 1/2 and 1.</summary>
    BFloat16,

    /// <summary>IEEE half precision: 11 bits.</summary>
    Float16,
}

/// <summary>Rounds.</summary>
internal static class RewardRoundingExtensions
{
    /// <summary>The nearest number of the type, as a float32.</summary>
    public static float Round(this RewardRounding rounding, float value) => rounding switch
    {
        RewardRounding.BFloat16 => BFloat16.ToSingle(BFloat16.Round(value)),
        RewardRounding.Float16 => (float)(Half)value,
        _ => value,
    };
}
