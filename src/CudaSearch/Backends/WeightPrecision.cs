namespace CudaSearch.Backends;

/// <summary>What the matrices of a model's layers are kept in.</summary>
public enum WeightPrecision
{
    /// <summary>As the checkpoint stores them (bf16 on a GPU).</summary>
    Stored,

    /// <summary>8-bit integers with a scale for every 128 of a row, made at load; inputs are rounded likewise, token by token. The output matrix too. On the CPU.</summary>
    Int8,

    /// <summary>e4m3 with a scale for each row, made at load; inputs and arithmetic stay as they are. The output matrix stays as stored.</summary>
    Fp8,
}

/// <summary>What the keys and values of a model are kept in.</summary>
public enum KvPrecision
{
    /// <summary>As the backend computes: float32 on the CPU, bf16 on a GPU.</summary>
    Native,

    /// <summary>e4m3 with a scale for each token and key/value head.</summary>
    Fp8,
}

/// <summary>What a model is kept in.</summary>
/// <param name="Weights">Its matrices.</param>
/// <param name="Kv">Its keys and values.</param>
public readonly record struct ModelPrecision(WeightPrecision Weights = WeightPrecision.Stored, KvPrecision Kv = KvPrecision.Native)
{
    /// <summary>In words, e.g. <c>fp8 weights, fp8 KV</c>; empty for what is usual.</summary>
    public override string ToString()
    {
        string weights = Weights == WeightPrecision.Stored ? "" : $"{Weights.ToString().ToLowerInvariant()} weights";
        string kv = Kv == KvPrecision.Native ? "" : $"{Kv.ToString().ToLowerInvariant()} KV";
        return weights.Length > 0 && kv.Length > 0 ? $"{weights}, {kv}" : weights + kv;
    }
}

/// <summary>What a weight is for.</summary>
public enum WeightUse
{
    /// <summary>Products, or both products and looking rows up; vectors as well.</summary>
    Product,

    /// <summary>Rows are looked up and nothing else.</summary>
    Lookup,
}
