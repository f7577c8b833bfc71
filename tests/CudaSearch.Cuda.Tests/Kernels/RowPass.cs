using CudaSearch.Backends;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>
/// The pass block of a test of a kernel that works row by row, laid out from <c>kernels/common/pass.cuh</c> alone: a mistake of the
/// engine's own writer cannot hide a kernel's.
/// </summary>
internal sealed class RowPass
{
    private const int HeaderWords = 23;

    /// <summary>Token id of each row.</summary>
    public int[] TokenIds { get; init; } = [];

    /// <summary>Rows in the pass; as many as there are token ids unless these do not matter.</summary>
    public int? Rows { get; init; }

    /// <summary>Rows that come out of the last norm.</summary>
    public int[] OutputRows { get; init; } = [];

    /// <summary>Indices into the outputs.</summary>
    public int[] SampledOutputs { get; init; } = [];

    /// <summary>How each of them is drawn.</summary>
    public SamplingParameters[] Sampling { get; init; } = [];

    /// <summary>Indices into the outputs.</summary>
    public int[] RewardedOutputs { get; init; } = [];

    /// <summary>The block. Sections that no test uses start nowhere.</summary>
    public int[] ToWords()
    {
        List<int> words = [.. Enumerable.Repeat(0, 7), .. Enumerable.Repeat(int.MaxValue, HeaderWords - 7)];
        (words[0], words[1]) = (Rows ?? TokenIds.Length, OutputRows.Length);
        (words[2], words[3]) = (SampledOutputs.Length, RewardedOutputs.Length);
        Add(7, TokenIds);
        Add(10, OutputRows);
        Add(11, SampledOutputs);
        Add(12, [.. Sampling.SelectMany(Words)]);
        Add(13, RewardedOutputs);
        Add(22, [.. Enumerable.Range(0, OutputRows.Length + 1).Select(output => SampledOutputs.Count(sampled => sampled < output))]);
        return [.. words];

        void Add(int section, int[] values)
        {
            words[section] = words.Count;
            words.AddRange(values);
        }
    }

    private static int[] Words(SamplingParameters row) =>
    [
        BitConverter.SingleToInt32Bits(row.Temperature), BitConverter.SingleToInt32Bits(row.TopP), row.TopK,
        BitConverter.SingleToInt32Bits(row.MinP), (int)(uint)row.Key, (int)(uint)(row.Key >> 32), row.WantsLogProbability ? 1 : 0, -1,
    ];
}
