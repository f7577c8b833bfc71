namespace CudaSearch.Evaluation.Throughput;

/// <summary>A kernel that can be run alone, over sizes.</summary>
/// <param name="Name">How it is asked for; its kernels' names contain it.</param>
/// <param name="Sizes">What its cost depends on, in the order in which it is told, and what each is where nothing is said.</param>
/// <param name="HasPeer">Whether somebody else's matrix product does the same.</param>
/// <param name="CanShare">Whether sequences may share what it reads.</param>
/// <param name="MostRows">The most that <c>m</c> may be.</param>
public sealed record SweepKernel(string Name, IReadOnlyList<KeyValuePair<string, int>> Sizes, bool HasPeer = false, bool CanShare = false, int MostRows = 1 << 16)
{
    // Rows that one pass may draw tokens from on a GPU.
    private const int MostDraws = 4096;

    /// <summary>By name.</summary>
    public static IReadOnlyDictionary<string, SweepKernel> All { get; } = ((SweepKernel[])
    [
        new("linear", [new("m", 1), new("n", 4096), new("k", 4096)], HasPeer: true),
        new("gated_linear", [new("m", 1), new("n", 14336), new("k", 4096)], HasPeer: true),
        new(
            "attend", [new("batch", 16), new("prefix", 512), new("own", 64), new("heads", 32), new("kv_heads", 8), new("head_dim", 128)],
            CanShare: true),
        new("rms_norm", [new("m", 1), new("n", 4096)]),
        new("sample", [new("m", 1), new("n", 128256), new("k", 2048)], MostRows: MostDraws),
    ]).ToDictionary(kernel => kernel.Name);

    /// <summary>What is wrong with these sizes together; null when they are right.</summary>
    public string? Fault(IReadOnlyDictionary<string, int> sizes)
    {
        if (sizes.TryGetValue("m", out int m) && m > MostRows) return $"m is {m}; {Name} takes at most {MostRows} rows";
        if (Name != "attend") return null;
        if (sizes["heads"] % sizes["kv_heads"] != 0) return $"heads is {sizes["heads"]}; it must be a multiple of kv_heads, {sizes["kv_heads"]}";
        return sizes["head_dim"] % 2 == 0 ? null : $"head_dim is {sizes["head_dim"]}; it must be even";
    }
}
