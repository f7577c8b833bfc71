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

    /// <summary>Takes the results of the pass that was planned last. Requests that it finished hear of it in <see cref="Deliver"/>.</summary>
    /// <param name="results">What it computed.</param>
    /// <param name="failure">Why it did not; null when it did.</param>
    public void Commit(PassResults results, Exception? failure)
    {
        // Before any result is taken: a leader may cut its own end off.
        if (_twins.Any)
        {
            foreach ((Request request, int _) in _planned) TwinRequests.Part(request, Trace);
        }
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

    /// <summary>Keys that the last rows of a context attend to: all before each, and itself.</summary>
    private static long KeysOf(long context, long rows) => rows * (context - rows) + rows * (rows + 1) / 2;
}
