using CudaSearch.Cache;

namespace CudaSearch.Engine;

/// <content>What the owners of sequences ask for.</content>
internal sealed partial class Scheduler
{
    public Sequence Create(InferenceEngine engine, List<int> tokens, RandomStream stream, Usage usage)
    {
        var sequence = new Sequence(engine, ++_created, tokens, new PageTable(pool), trunk: null, stream, usage);
        Add(sequence);
        Trace?.Created(sequence);
        return sequence;
    }

    public Sequence Fork(Sequence sequence, RandomStream stream)
    {
        if (sequence.Trunk is null && sequence.Length - sequence.Table.Length > 1) GrowTrunk(sequence);
        PageTable table = sequence.Trunk is null ? sequence.Table.Fork() : new PageTable(pool);
        var fork = new Sequence(sequence.Engine, ++_created, [.. sequence.Tokens], table, sequence.Trunk, stream, sequence.Usage)
        {
            EndsWithDrawnToken = sequence.EndsWithDrawnToken,
        };
        Add(fork);
        Trace?.Forked(fork, sequence);
        return fork;
    }

    public void Append(Sequence sequence, ReadOnlySpan<int> tokens)
    {
        sequence.MutableTokens.AddRange(tokens);
        sequence.EndsWithDrawnToken = false;
        Trace?.Appended(sequence, tokens);
    }

    public void Truncate(Sequence sequence, int length)
    {
        Forget(sequence, length);
        if (length < sequence.Length) sequence.EndsWithDrawnToken = false;
        sequence.MutableTokens.RemoveRange(length, sequence.Length - length);
        Trace?.Truncated(sequence);
    }

    public void SetOwners(Sequence sequence, int owners)
    {
        if (sequence.OwnerCount == owners) return;
        sequence.OwnerCount = owners;
        Trace?.OwnersChanged(sequence);
    }

    /// <summary>Its owner needs it no more.</summary>
    public void Dispose(Sequence sequence)
    {
        sequence.Disposed = true;
        Trace?.Released(sequence);
        Release(sequence);
    }

    public void Submit(Request request)
    {
        Forget(request.Sequence, request.FirstNeeded);
        request.Sequence.Request = request;
        Enqueue(request);
        Trace?.Requested(request);
    }

    /// <summary>Forgets cached prefixes.</summary>
    public void ClearCache()
    {
        Prefixes.Clear();
        Trace?.CacheCleared();
    }
}
