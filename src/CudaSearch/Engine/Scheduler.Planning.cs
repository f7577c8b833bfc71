using System.Runtime.InteropServices;
using CudaSearch.Backends;
using CudaSearch.Cache;

namespace CudaSearch.Engine;

/// <content>What goes into the next pass.</content>
internal sealed partial class Scheduler
{
    /// <summary>Fills the batch with everything that fits; false when nothing waits.</summary>
    public bool Plan(StepBatch batch)
    {
        batch.Clear();
        _planned.Clear();
        _outputRows = 0;
        bool asked = _waiting.Count > 0;
        Prepare();
        for (int i = 0; i < _waiting.Count && batch.RowCount < capacity.Rows; i++) TryPlan(_waiting[i], batch, _planned.Count == 0 ? Claim.Unawaited : Claim.Younger);
        while (_planned.Count == 0 && _waiting.Count > 0 && !TryPlanAlone(batch))
        {
        }
        if (_twins.Any)
        {
            foreach (Request request in _waiting)
            {
                if (!request.InPass) TwinRequests.Part(request, Trace);
            }
        }
        if (_planned.Count > 0) Passes++;
        foreach ((Request request, int _) in _planned) CountPass(request.Sequence.Usage);
        if (asked) Trace?.Planned(_planned.Count);
        return _planned.Count > 0;
    }

    /// <summary>One look at every request says what is to be done before any is planned: in most passes nothing.</summary>
    private void Prepare()
    {
        bool cancelled = false, tooLong = false, trunks = false, sharedTails = false;
        foreach (Request request in CollectionsMarshal.AsSpan(_waiting))
        {
            Sequence sequence = request.Sequence;
            cancelled |= request.Cancellation.IsCancellationRequested;
            tooLong |= IsTooLong(request);
            trunks |= sequence.Trunk is not null;
            sharedTails |= sequence.Table.IsTailShared;
        }
        if (cancelled) DropCancelled();
        if (tooLong) RefuseTooLong();
        if (trunks) AdoptTrunks();
        _twins.Clear();
        if (sharedTails || trunks) _twins.Join(_waiting, Trace);
    }

    private void DropCancelled()
    {
        for (int i = _waiting.Count - 1; i >= 0; i--)
        {
            Request request = _waiting[i];
            if (request.Cancellation.IsCancellationRequested) Cancel(request);
        }
    }

    /// <summary>
    /// A sequence that has grown beyond the whole cache will never run: left waiting beside others that do, it would take their pages in vain again and again.
    /// </summary>
    private void RefuseTooLong()
    {
        for (int i = _waiting.Count - 1; i >= 0; i--)
            if (IsTooLong(_waiting[i])) Refuse(_waiting[i]);
    }

    private bool IsTooLong(Request request) => !request.InPass && pool.PagesToHold(request.Sequence.Length) > pool.PageCount;

    private bool TryPlan(Request request, StepBatch batch, Claim claim)
    {
        Sequence sequence = request.Sequence;
        if (request.InPass || request.Leader is not null) return false;
        if (sequence.WaitsForTrunk)
        {
            RenewTrunk(sequence.Trunk!);
            return false;
        }
        if (sequence.Table.Length == 0)
        {
            Prefixes.Match(sequence.Tokens[..(request.FirstNeeded + 1)], sequence.Table);
            if (sequence.Table.Length > 0) Trace?.Matched(sequence);
        }
        int first = sequence.Table.Length;
        int rows = Math.Min(sequence.Length - first, capacity.Rows - batch.RowCount);
        int outputRows = OutputRows(request, first, rows);
        while (rows > 0 && _outputRows + outputRows > capacity.OutputRows) outputRows = OutputRows(request, first, --rows);
        if (rows == 0 || !MakeRoom(sequence, rows, claim)) return false;
        if (!sequence.Table.TryAppend(rows, out PageCopy? copy)) throw new InvalidOperationException("pages that were free are gone");
        if (copy is { } needed) batch.AddCopy(needed);
        int firstRow = batch.AddSequence(sequence.Tokens.Slice(first, rows), first, sequence.Table);
        _outputRows += outputRows;
        for (Request? drawing = request; drawing is not null; drawing = drawing.NextTwin)
        {
            drawing.AddOutputs(batch, firstRow, first, rows);
            drawing.InPass = true;
            _planned.Add((drawing, drawing == request ? rows : 0));
        }
        Trace?.Extended(sequence, first, rows, copy);
        return true;
    }

    /// <summary>What a pass must hold for a request and its twins, counted as if nobody drew from another's row: results have that limit too.</summary>
    private static int OutputRows(Request request, int first, int rows) => request.OutputRows(first, rows) * (1 + request.TwinCount);

    /// <summary>
    /// Nothing fitted: the oldest request may take everybody's pages. If that is not enough it fails, and the caller tries again with those that are left.
    /// </summary>
    private bool TryPlanAlone(StepBatch batch)
    {
        // One that waits for its trunk is not the oldest: its trunk is in the queue before it or was cancelled with it.
        Request oldest = _waiting.Find(request => !request.Sequence.WaitsForTrunk) ?? _waiting[0];
        if (TryPlan(oldest, batch, Claim.All)) return true;
        TwinRequests.Part(oldest, Trace);
        Refuse(oldest);
        return false;
    }

    private void Refuse(Request request)
    {
        Sequence sequence = request.Sequence;
        _waiting.Remove(request);
        sequence.Request = null;
        Trace?.Refused(request);
        request.Fail(new CudaSearchException(
            Failure.OutOfMemory,
            $"a sequence of {sequence.Length} tokens needs {pool.PagesToHold(sequence.Length)} pages of KV cache and there are {pool.PageCount}; raise --memory"));
    }

    /// <summary>
    /// What is missing is counted anew after each step: with its last other owner a shared page needs no copy any more.
    /// </summary>
    private bool MakeRoom(Sequence sequence, int rows, Claim claim)
    {
        int Missing() => sequence.Table.PagesToAppend(rows) - pool.FreeCount;
        if (Missing() <= 0) return true;
        Evict();
        for (int i = _sequences.Count - 1; i >= 0 && Missing() > 0; i--)
        {
            Sequence victim = _sequences[i];
            if (ReferenceEquals(victim, sequence) || victim.Table.Length == 0 || victim.Request is { InPass: true }) continue;
            if (victim.Age < sequence.Age && (claim == Claim.Younger || claim == Claim.Unawaited && IsAwaited(victim))) continue;
            int length = victim.Table.Length;
            victim.Table.Clear();
            Trace?.SetAside(victim, length);
            Evict();
        }
        // The tree may hold on to a page of this very sequence.
        if (Missing() > 0 && claim != Claim.Younger)
        {
            Prefixes.Clear();
            Trace?.Evicted();
        }
        return Missing() <= 0;

        void Evict()
        {
            if (Missing() > 0 && Prefixes.Evict(Missing()) > 0) Trace?.Evicted();
        }
    }

    private void CountPass(Usage usage)
    {
        if (usage.LastPass == Passes) return;
        usage.LastPass = Passes;
        usage.Passes++;
        _census.Count(usage);
    }

    /// <summary>Whose pages a request may have.</summary>
    private enum Claim
    {
        /// <summary>Those of younger sequences.</summary>
        Younger,

        /// <summary>
        /// Those of older ones as well, for the oldest that can run (it could lose to idle elders for ever while younger ones keep passes busy), but not a
        /// trunk's that a waiting sequence is about to adopt (the two would take the pages from each other for ever).
        /// </summary>
        Unawaited,

        /// <summary>Everybody's, when nothing else can run.</summary>
        All,
    }
}
