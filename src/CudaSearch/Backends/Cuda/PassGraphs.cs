using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>Recorded passes of one model by their kind.</summary>
internal sealed class PassGraphs : IDisposable
{
    private readonly Dictionary<PassKind, CudaGraphExec> _graphs = [];

    /// <summary>Graphs recorded so far and not forgotten.</summary>
    public int Count => _graphs.Count;

    /// <summary>The graph of a kind; null when none was recorded yet.</summary>
    public CudaGraphExec? Find(PassKind kind) => _graphs.GetValueOrDefault(kind);

    /// <summary>Records what the pass launches on the stream for this batch; nothing of it is executed.</summary>
    public CudaGraphExec Record(PassKind kind, IPass pass, StepBatch batch, CudaStream stream)
    {
        stream.BeginCapture();
        try
        {
            pass.Issue(batch);
        }
        catch
        {
            stream.AbandonCapture();
            throw;
        }
        using CudaGraph graph = stream.EndCapture();
        return _graphs[kind] = graph.Instantiate();
    }

    /// <summary>Drops all graphs.</summary>
    public void Clear()
    {
        foreach (CudaGraphExec graph in _graphs.Values) graph.Dispose();
        _graphs.Clear();
    }

    public void Dispose() => Clear();
}
