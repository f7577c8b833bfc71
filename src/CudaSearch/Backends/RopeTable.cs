namespace CudaSearch.Backends;

/// <summary>cos and sin of position × inverse frequency, computed in double precision: each [positions, headDim / 2]. (Su et al. 2021, RoFormer)</summary>
public sealed class RopeTable : DeviceRope
{
    private readonly double[] _inverseFrequencies;
    private readonly Lock _growing = new();
    private float[] _cos = [];
    private float[] _sin = [];

    /// <summary>A table for these inverse frequencies; it grows with the positions in use.</summary>
    public RopeTable(double[] inverseFrequencies) => _inverseFrequencies = inverseFrequencies;

    /// <summary>headDim / 2.</summary>
    public int Half => _inverseFrequencies.Length;

    /// <summary>Positions filled so far.</summary>
    public int Positions { get; private set; }

    /// <summary>[Positions, Half].</summary>
    public ReadOnlySpan<float> Cos => _cos;

    /// <summary>[Positions, Half].</summary>
    public ReadOnlySpan<float> Sin => _sin;

    /// <summary>
    /// Makes positions 0 .. <paramref name="positions"/> - 1 available. Threads may call it at once: whoever reads a table afterwards finds them in it, if not
    /// those that another thread has added since.
    /// </summary>
    public void EnsurePositions(int positions)
    {
        lock (_growing)
        {
            if (positions > Positions) Grow(positions);
        }
    }

    /// <summary>Managed memory: nothing to give back.</summary>
    public override void Dispose()
    {
    }

    private void Grow(int positions)
    {
        int grown = Math.Max(positions, Math.Max(512, Positions * 2));
        Array.Resize(ref _cos, grown * Half);
        Array.Resize(ref _sin, grown * Half);
        for (int position = Positions; position < grown; position++)
        {
            for (int i = 0; i < Half; i++)
            {
                (double sin, double cos) = Math.SinCos(position * _inverseFrequencies[i]);
                _cos[position * Half + i] = (float)cos;
                _sin[position * Half + i] = (float)sin;
            }
        }
        Positions = grown;
    }
}
