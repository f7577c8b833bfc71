using CudaSearch.Backends.Cpu;

namespace CudaSearch.Tests.Backends.Cpu;

public sealed class LaneMathTests
{
    [Fact]
    public void PowersAndSiluAreRightOnEveryPath()
    {
        Check<Lanes512>();
        Check<Lanes256>();
        Check<LanesScalar>();
    }

    private static unsafe void Check<T>()
        where T : struct, ILanes<T>
    {
        float* y = stackalloc float[16];
        for (float x = -126f; x <= 126f; x += 0.0137f)
        {
            T.Store(LaneMath<T>.Exp2(T.Broadcast(x)), y);
            double power = Math.Pow(2, x);
            for (int i = 0; i < T.Count; i++) Assert.InRange(y[i] / power, 1 - 4e-7, 1 + 4e-7);
        }
        for (float x = -120f; x <= 120f; x += 0.0137f)
        {
            T.Store(LaneMath<T>.Silu(T.Broadcast(x)), y);
            double silu = x / (1 + Math.Exp(-(double)x));
            for (int i = 0; i < T.Count; i++) Assert.Equal(silu, y[i], 1e-5 * Math.Abs(silu) + 1e-30);
        }
        foreach (float x in (float[])[-127f, -1000f, -float.MaxValue, float.NegativeInfinity]) Assert.InRange(LaneMath<T>.Exp2Of(x), 0f, 1.2e-38f);
        Assert.Equal(1f, LaneMath<T>.Exp2Of(0f));
    }
}
