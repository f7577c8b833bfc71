namespace CudaSearch.Backends.Cuda;

/// <summary>
/// How features are laid out for the kernels. They take plain runs of a multiple of 64 features and heads of 64 or 128; a shorter run or head is padded
/// with zeros, which change no sum. The halves of a head keep their places at the start of the padded halves, so that they still rotate together.
/// </summary>
internal static class Padding
{
    /// <summary>Plain runs are a multiple of this.</summary>
    public const int Granularity = 64;

    /// <summary>The largest head the attention kernels take.</summary>
    public const int MaxHeadSize = 128;

    /// <summary>Features of a head after padding.</summary>
    public static int HeadSize(int headSize) => headSize <= 64 ? 64 : MaxHeadSize;

    /// <summary>Attention's geometry after padding.</summary>
    public static AttentionShape Shape(AttentionShape shape) => shape with { HeadDim = HeadSize(shape.HeadDim) };

    /// <summary>Features of an axis after padding.</summary>
    public static int Length(Axis axis) => axis.IsHeads ? axis.Heads * HeadSize(axis.HeadSize) : Plain(axis.Length);

    /// <summary>Features of a plain run after padding.</summary>
    public static int Plain(int length) => (length + Granularity - 1) / Granularity * Granularity;

    /// <summary>Whether an axis is laid out as the checkpoint has it.</summary>
    public static bool IsNone(Axis axis) => Length(axis) == axis.Length;

    /// <summary>The checkpoint's feature that stands at <paramref name="place"/> after padding; -1 for a zero.</summary>
    public static int Source(Axis axis, int place)
    {
        if (!axis.IsHeads) return place < axis.Length ? place : -1;
        int padded = HeadSize(axis.HeadSize), half = axis.HeadSize / 2;
        (int head, int element) = int.DivRem(place, padded);
        (int side, int offset) = int.DivRem(element, padded / 2);
        return offset < half ? head * axis.HeadSize + side * half + offset : -1;
    }

    /// <summary>
    /// As <see cref="Source"/>, for heads whose elements that rotate together are neighbours: the halves of a padded head alternate, 0, D / 2, 1, D / 2 + 1, …
    /// </summary>
    public static int PairedSource(Axis heads, int place)
    {
        int padded = HeadSize(heads.HeadSize);
        (int head, int element) = int.DivRem(place, padded);
        return Source(heads, head * padded + element % 2 * (padded / 2) + element / 2);
    }
}
