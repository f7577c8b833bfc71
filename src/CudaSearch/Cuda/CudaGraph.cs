namespace CudaSearch.Cuda;

/// <summary>Captured work: what to do, in which order, with the arguments of the time of capture.</summary>
internal sealed class CudaGraph : IDisposable
{
    private readonly CudaContext _context;
    private readonly GraphHandle _handle;

    internal CudaGraph(CudaContext context, nint graph)
    {
        _context = context;
        _handle = new GraphHandle(context, graph);
    }

    /// <summary>Makes it ready to run. The result does not need the graph any more.</summary>
    public CudaGraphExec Instantiate()
    {
        const ulong NoFlags = 0;
        CudaException.Check(DriverApi.cuGraphInstantiateWithFlags(out nint executable, _handle, NoFlags));
        return new CudaGraphExec(_context, executable);
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}

/// <summary>A graph that is ready to run, any number of times.</summary>
internal sealed class CudaGraphExec : IDisposable
{
    private readonly GraphExecHandle _handle;

    internal CudaGraphExec(CudaContext context, nint executable) => _handle = new GraphExecHandle(context, executable);

    /// <summary>Queues the whole graph; nothing is allocated.</summary>
    public void Launch(CudaStream stream) => CudaException.Check(DriverApi.cuGraphLaunch(_handle, stream.Handle));

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
