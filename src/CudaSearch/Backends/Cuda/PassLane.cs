using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>
/// What the passes of one model have to themselves, so that a pass of each of several models can be under way at once: a stream, the block and the results,
/// and the recorded graphs. Weights, pages and activations are the model's own in any case, and kernels keep nothing but in memory that they are given.
/// </summary>
internal sealed class PassLane : IDisposable
{
    private CudaTimer? _timer;
    private bool _underWay;

    /// <summary>Makes room for the passes of a model.</summary>
    /// <param name="dependentLaunch">See <see cref="CudaStream.DependentLaunch"/>.</param>
    /// <param name="goesFirst">See <see cref="IPass.GoesFirst"/>.</param>
    public PassLane(bool dependentLaunch, bool goesFirst)
    {
        Stream = new CudaStream(dependentLaunch, goesFirst);
        Buffers = new PassBuffers(Stream);
    }

    /// <summary>Where the model's passes are queued, one behind the other.</summary>
    public CudaStream Stream { get; }

    /// <summary>The upload and the read-back of its pass.</summary>
    public PassBuffers Buffers { get; }

    /// <summary>Its passes as they were recorded.</summary>
    public PassGraphs Graphs { get; } = new();

    /// <summary>Times its passes, when somebody wants that.</summary>
    public CudaTimer Timer => _timer ??= new CudaTimer(Stream);

    /// <summary>The kind of the pass at hand.</summary>
    public PassKind Kind { get; private set; }

    /// <summary>How many loads the stream has waited for; see <see cref="CudaBackend"/>.</summary>
    public long Loads { get; set; }

    /// <summary>Whether a pass was queued and is not done yet. False after a fault, which <see cref="Finish"/> tells of.</summary>
    public bool IsBusy => _underWay && Stream.IsBusy;

    /// <summary>Makes room for the batch's block and finds out what kind of pass it is.</summary>
    public void Prepare(IPass pass, StepBatch batch)
    {
        if (_underWay) throw new InvalidOperationException("the model's last pass was not finished");
        if (batch.Sampled.Length > PassBuffers.MaxResults || batch.Rewarded.Length > PassBuffers.MaxResults)
            throw new ArgumentException($"a pass may have at most {PassBuffers.MaxResults} results of a kind", nameof(batch));
        if (Buffers.Reserve(batch, pass.Attention)) Graphs.Clear();
        Kind = PassKind.Of(batch, pass.Attention);
    }

    /// <summary>The graph of the prepared pass, recorded where it was not yet, with the block on its way to the device.</summary>
    public CudaGraphExec UploadForGraph(IPass pass, StepBatch batch)
    {
        CudaGraphExec graph = Graphs.Find(Kind) ?? Graphs.Record(Kind, pass, batch, Stream);
        Buffers.Upload(batch, pass.Attention, Stream);
        return graph;
    }

    /// <summary>Queues the read-back behind the launches of a pass: now it is under way.</summary>
    public void QueueReadBack(StepBatch batch)
    {
        Buffers.QueueReadBack(batch, Stream);
        _underWay = true;
    }

    /// <summary>Waits for the pass and puts its results into the batch.</summary>
    public void Finish(StepBatch batch)
    {
        _underWay = false;
        Stream.Synchronize();
        Buffers.Collect(batch);
        foreach (int token in batch.SampledTokens)
        {
            if (token == SampleKernel.NotANumber)
                throw CudaSearchException.BadInput("the model computed logits that are no numbers; its weights are damaged, or it was not made for bf16: try --device cpu");
        }
    }

    /// <summary>Waits for a pass that nobody finished, so that its memory may go.</summary>
    public void Dispose()
    {
        while (IsBusy) Thread.Yield();
        Graphs.Dispose();
        _timer?.Dispose();
        Buffers.Dispose();
        Stream.Dispose();
    }
}
