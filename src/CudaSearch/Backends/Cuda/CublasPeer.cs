using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>cuBLAS on the operands of our own kernels.</summary>
internal sealed class CublasPeer(CudaBlas blas, CudaStream stream, LaunchProfiler profiler) : IProductPeer
{
    private readonly CudaTimer _timer = new(stream);

    public string Name => "cuBLAS";

    public double Time(DeviceTensor input, DeviceWeight weight, int rows, DeviceTensor output)
    {
        var (x, w, y) = ((CudaTensor)input, (CudaWeight)weight, (CudaTensor)output);
        profiler.Occupy(stream);
        return _timer.Time(() =>
            blas.Multiply(x.Pointer, w.Pointer, y.Pointer, rows, w.PaddedRows, w.PaddedColumns, y.Type == ActivationType.Sum, stream));
    }

    public void Dispose()
    {
        _timer.Dispose();
        blas.Dispose();
    }
}
