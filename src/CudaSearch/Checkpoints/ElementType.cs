namespace CudaSearch.Checkpoints;

/// <summary>The number format of a tensor's elements.</summary>
public enum ElementType
{
    /// <summary>IEEE 754 single precision, 4 bytes.</summary>
    F32,

    /// <summary>IEEE 754 half precision, 2 bytes.</summary>
    F16,

    /// <summary>The upper half of a single: 8 exponent and 7 mantissa bits, 2 bytes.</summary>
    BF16,
}

/// <summary>Sizes and safetensors spellings of <see cref="ElementType"/>.</summary>
public static class ElementTypeExtensions
{
    /// <summary>The supported spellings, for messages.</summary>
    internal const string Supported = "F32, F16 and BF16";

    /// <summary>Bytes of one element.</summary>
    public static int Size(this ElementType type) => type == ElementType.F32 ? 4 : 2;

    /// <summary>Reads safetensors' spelling of an element type; false for any that is not supported.</summary>
    internal static bool TryParse(string text, out ElementType type)
    {
        (bool known, type) = text switch
        {
            "F32" => (true, ElementType.F32),
            "F16" => (true, ElementType.F16),
            "BF16" => (true, ElementType.BF16),
            _ => (false, default),
        };
        return known;
    }
}
