using CudaSearch.Backends;
using CudaSearch.Cache;
using CudaSearch.Engine.Tracing;

namespace CudaSearch.Engine;

/// <summary>
/// Decides what goes into the next pass and keeps the books of pages. Older sequences first; a request enters a pass only when its pages exist. When pages run
/// out, cached prefixes are evicted, then the youngest sequences are set aside: their pages go, their tokens stay and are computed again later.
/// Not thread-safe: the engine's lock guards it.
/// </summary>
/// <param name="pool">The pages.</param>
/// <param name="capacity">What a pass can hold.</param>
/// <param name="eviction">Which cached prefixes go first.</param>
internal sealed partial class Scheduler(PagePool pool, PassCapacity capacity, Eviction eviction = Eviction.Lru)
{
    private readonly List<Sequence> _sequences = [];
    private readonly List<Request> _waiting = [];
    private readonly List<(Request Request, int Rows)> _planned = [];
    private readonly List<Request> _finished = [];
    private readonly PageCensus _census = new(pool);
    private readonly TwinRequests _twins = new(capacity.OutputRows);
    private long _created;
    private int _outputRows;

    public PrefixTree Prefixes { get; } = new(pool, eviction);

    public long Passes { get; private set; }

    /// <summary>Tokens drawn in all.</summary>
    public long DrawnTokens { get; private set; }

    /// <summary>Writes down what happens; null when nobody wants to know.</summary>
    public EngineTrace? Trace { get; set; }

    /// <summary>Every sequence that lives, in order of age.</summary>
    public IReadOnlyList<Sequence> Sequences => _sequences;

    private void Add(Sequence sequence)
    {
        if (sequence.Trunk is not null) sequence.Trunk.Dependents++;
        _sequences.Add(sequence);
        sequence.Usage.Live.Add(sequence);
    }

    /// <summary>Queues by age: the order in which sequences were created, not in which they ask, decides who goes first.</summary>
    private void Enqueue(Request request)
    {
        int at = _waiting.Count;
        while (at > 0 && _waiting[at - 1].Sequence.Age > request.Sequence.Age) at--;
        _waiting.Insert(at, request);
    }

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

    /// <summary>Makes sure that rows from <paramref name="length"/> on will be computed (again).</summary>
    private void Forget(Sequence sequence, int length)
    {
        if (sequence.Trunk is { } trunk)
        {
            if (trunk.Length <= length) return;
            if (sequence.WaitsForTrunk) LeaveTrunk(sequence);
            else Adopt(sequence);
        }
        if (sequence.Table.Length > length) sequence.Table.Truncate(length);
    }

    private void Release(Sequence sequence)
    {
        // A pass that uses the pages commits first; its commit comes back here.
        if (sequence.Request is { } request)
        {
            if (request.InPass) return;
            _waiting.Remove(request);
            sequence.Request = null;
            request.Cancel();
        }
        LeaveTrunk(sequence);
        sequence.Table.Dispose();
        _sequences.Remove(sequence);
        sequence.Usage.Live.Remove(sequence);
        Trace?.Dropped(sequence);
    }

    /// <summary>Fills the batch with everything that fits; false when nothing waits.</summary>
    public bool Plan(StepBatch batch)
    {
        batch.Clear();
        _planned.Clear();
        _outputRows = 0;
        bool asked = _waiting.Count > 0;
        DropCancelled();
        RefuseTooLong();
        AdoptTrunks();
        _twins.Join(_waiting, Trace);
        for (int i = 0; i < _waiting.Count && batch.RowCount < capacity.Rows; i++) TryPlan(_waiting[i], batch, _planned.Count == 0 ? Claim.Unawaited : Claim.Younger);
        while (_planned.Count == 0 && _waiting.Count > 0 && !TryPlanAlone(batch))
        {
        }
        foreach (Request request in _waiting)
        {
            if (!request.InPass) TwinRequests.Part(request, Trace);
        }
        if (_planned.Count > 0) Passes++;
        foreach ((Request request, int _) in _planned) CountPass(request.Sequence.Usage);
        if (asked) Trace?.Planned(_planned.Count);
        return _planned.Count > 0;
    }

    /// <summary>Takes the results of the pass that was planned last. Requests that it finished hear of it in <see cref="Deliver"/>.</summary>
    /// <param name="results">What it computed.</param>
    /// <param name="failure">Why it did not; null when it did.</param>
    public void Commit(PassResults results, Exception? failure)
    {
        // Before any result is taken: a leader may cut its own end off.
        foreach ((Request request, int _) in _planned) TwinRequests.Part(request, Trace);
        // All that was computed counts before anyone hears of a result, and reads what it cost.
        foreach ((Request request, int rows) in _planned)
        {
            Sequence sequence = request.Sequence;
            if (rows > 0) sequence.Usage.PrefillTokens += rows - (sequence.EndsWithDrawnToken && sequence.Table.Length == sequence.Length ? 1 : 0);
            sequence.Usage.ComputedTokens += rows;
            sequence.Usage.AttendedKeys += KeysOf(sequence.Table.Length, rows);
        }
        foreach ((Request request, int rows) in _planned)
        {
            Sequence sequence = request.Sequence;
            request.InPass = false;
            if (failure is not null) continue;
            // Prompts stay findable; what was drawn or scored is not asked for again.
            bool prompt = request.Kind == RequestKind.Prefill || request.Kind == RequestKind.Generate && rows > 1;
            if (prompt && sequence.Table.Length == sequence.Length)
            {
                Prefixes.Insert(sequence.Tokens, sequence.Table);
                Trace?.Cached(sequence);
            }
            (int length, int held) = (sequence.Length, sequence.Table.Length);
            if (request.Draws) DrawnTokens++;
            bool done = TakeResults(request, results);
            Trace?.Result(request, length, held, done);
            if (!done) continue;
            _waiting.Remove(request);
            sequence.Request = null;
            _finished.Add(request);
        }
        if (failure is not null) FailAll(failure);
        foreach ((Request request, int _) in _planned)
        {
            if (request.Sequence.Disposed) Release(request.Sequence);
        }
        Trace?.Committed(results.Batch, failure);
        _planned.Clear();
    }

    /// <summary>
    /// Completes the tasks of what passes finished. Needs no lock, as nobody else can reach these requests any more; the caller is the one who commits.
    /// </summary>
    public void Deliver()
    {
        foreach (Request request in _finished) request.Complete();
        _finished.Clear();
    }

    /// <summary>A result that its request cannot use (a token id that the tokenizer's file leaves out) fails that request, not the thread they all need.</summary>
    private static bool TakeResults(Request request, PassResults results)
    {
        try
        {
            return request.TakeResults(results);
        }
        catch (CudaSearchException exception)
        {
            request.Fail(exception);
            return true;
        }
    }

    /// <summary>A pass that failed leaves the device in doubt: nobody may go on waiting.</summary>
    private void FailAll(Exception failure)
    {
        foreach (Request request in _waiting)
        {
            request.Sequence.Request = null;
            request.Sequence.Table.Clear();
            request.Fail(failure);
        }
        _waiting.Clear();
        // A trunk that failed will never be ready: those that wait for it compute for themselves when asked again.
        foreach (Sequence sequence in _sequences.ToArray())
        {
            if (sequence.WaitsForTrunk) LeaveTrunk(sequence);
        }
    }

    public void CancelAll()
    {
        foreach (Request request in _waiting.ToArray())
        {
            Cancel(request);
        }
    }

    /// <summary>Ends a request that waits and is in no pass.</summary>
    public void Cancel(Request request)
    {
        _waiting.Remove(request);
        request.Sequence.Request = null;
        request.Cancel();
        Trace?.Cancelled(request);
    }

    /// <summary>The pages that sequences hold, and those they would hold if none were shared.</summary>
    public (int Held, int WithoutSharing) CountPages() => _census.Count(_sequences);

    public void CheckIntegrity() => pool.CheckIntegrity(_sequences.Select(sequence => sequence.Table), Prefixes);

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
            if (!_waiting[i].InPass && pool.PagesToHold(_waiting[i].Sequence.Length) > pool.PageCount) Refuse(_waiting[i]);
    }

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
        while (rows > 0 && _outputRows + OutputRows(request, first, rows) > capacity.OutputRows) rows--;
        if (rows == 0 || !MakeRoom(sequence, rows, claim)) return false;
        if (!sequence.Table.TryAppend(rows, out PageCopy? copy)) throw new InvalidOperationException("pages that were free are gone");
        if (copy is { } needed) batch.AddCopy(needed);
        int firstRow = batch.AddSequence(sequence.Tokens.Slice(first, rows), first, sequence.Table);
        _outputRows += OutputRows(request, first, rows);
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

    /// <summary>Keys that the last rows of a context attend to: all before each, and itself.</summary>
    private static long KeysOf(long context, long rows) => rows * (context - rows) + rows * (rows + 1) / 2;

    private void CountPass(Usage usage)
    {
        if (usage.LastPass == Passes) return;
        usage.LastPass = Passes;
        usage.Passes++;
        _census.Count(usage);
    }
}
