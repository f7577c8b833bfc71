namespace CudaSearch.Backends;

/// <summary>What the matrices of a model are kept in.</summary>
public enum WeightPrecision
{
    /// <summary>As the checkpoint stores them (bf16 on a GPU).</summary>
    Stored,

    /// <summary>8-bit integers with a scale for every 128 of a row, made at load; inputs are rounded likewise, token by token.</summary>
    Int8,
}

/// <summary>What a weight is for.</summary>
public enum WeightUse
{
    /// <summary>Products, or both products and looking rows up; vectors as well.</summary>
    Product,

    /// <summary>Rows are looked up and nothing else.</summary>
    Lookup,
}
