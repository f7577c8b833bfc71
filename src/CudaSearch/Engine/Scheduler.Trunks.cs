using CudaSearch.Cache;

namespace CudaSearch.Engine;

/// <content>Trunks: what forks of a sequence that was not computed yet have in common, computed once.</content>
internal sealed partial class Scheduler
{
    /// <summary>Makes all but the last token of a sequence that is not computed yet a sequence of its own, so that forks compute it once.</summary>
    private void GrowTrunk(Sequence sequence)
    {
        var trunk = new Sequence(
            null!, ++_created, [.. sequence.Tokens[..^1]], sequence.Table, trunk: null, sequence.Stream, sequence.Usage) { OwnerCount = 0 };
        Add(trunk);
        sequence.Table = new PageTable(pool);
        sequence.Trunk = trunk;
        trunk.Dependents++;
        trunk.Request = new PrefillRequest(trunk);
        Enqueue(trunk.Request);
        Trace?.TrunkGrown(trunk, sequence);
    }

    /// <summary>
    /// A finished trunk that was set aside is computed again, but only when a sequence asks for it: two trunks that nobody needs at the moment could else
    /// take each other's pages for ever.
    /// </summary>
    private void RenewTrunk(Sequence trunk)
    {
        if (trunk.Request is not null) return;
        trunk.Request = new PrefillRequest(trunk);
        Enqueue(trunk.Request);
    }

    private bool IsAwaited(Sequence sequence) => sequence.Dependents > 0 && _waiting.Exists(request => ReferenceEquals(request.Sequence.Trunk, sequence));

    private void AdoptTrunks()
    {
        foreach (Request request in _waiting)
        {
            if (request.Sequence is { Trunk: not null, WaitsForTrunk: false }) Adopt(request.Sequence);
        }
    }

    private void Adopt(Sequence sequence)
    {
        sequence.Table.Dispose();
        sequence.Table = sequence.Trunk!.Table.Fork();
        Trace?.Adopted(sequence);
        LeaveTrunk(sequence);
    }

    private void LeaveTrunk(Sequence sequence)
    {
        if (sequence.Trunk is not { } trunk) return;
        sequence.Trunk = null;
        if (--trunk.Dependents > 0) return;
        trunk.Disposed = true;
        Release(trunk);
    }
}
