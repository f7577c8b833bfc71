namespace CudaSearch.Backends;

/// <summary>The operations of a pass, in order. Which operations those are may depend on which kinds of output the batch wants, and on nothing else in it.</summary>
public interface IPass
{
    /// <summary>The geometry of attention in every layer.</summary>
    AttentionShape Attention { get; }

    /// <summary>
    /// Whether its kernels go before those of other passes under way, where the device could start either: a short pass that many more follow should not
    /// wait for every part of a long one.
    /// </summary>
    bool GoesFirst => false;

    /// <summary>Bytes of the weights, as stored: by them a backend decides how its threads divide a pass.</summary>
    long WeightBytes { get; }

    /// <summary>Calls the backend's operations for this batch.</summary>
    void Issue(StepBatch batch);
}
