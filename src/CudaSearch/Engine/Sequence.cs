using System.Runtime.InteropServices;
using CudaSearch.Cache;

namespace CudaSearch.Engine;

/// <summary>
/// A list of tokens whose keys and values live in pages of one engine. Forks share pages. All members are safe to call from any thread; a sequence does
/// one thing at a time.
/// </summary>
public sealed class Sequence : IDisposable
{
    private readonly InferenceEngine _engine;
    private readonly List<int> _tokens;

    internal Sequence(InferenceEngine engine, long age, List<int> tokens, PageTable table, Sequence? trunk, RandomStream stream, Usage usage)
    {
        _engine = engine;
        _tokens = tokens;
        Age = age;
        Table = table;
        Trunk = trunk;
        Stream = stream;
        Usage = usage;
    }

    /// <summary>The tokens so far; do not read while a request is running.</summary>
    public ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(_tokens);

    /// <summary>Number of tokens so far.</summary>
    public int Length => _tokens.Count;

    /// <summary>The random numbers it draws.</summary>
    public RandomStream Stream { get; }

    /// <summary>The scope its cost is counted in.</summary>
    public Usage Usage { get; }

    /// <summary>Runs it; null for one that only the engine knows of.</summary>
    internal InferenceEngine Engine => _engine;

    /// <summary>Order of creation: the youngest are set aside first when pages run out.</summary>
    internal long Age { get; }

    /// <summary>Pages of the first <c>Table.Length</c> tokens; the others are computed when the next request needs them.</summary>
    internal PageTable Table { get; set; }

    /// <summary>
    /// Forks of a sequence that was not computed yet wait for this common beginning, so that it is computed once. Dropped when adopted.
    /// </summary>
    internal Sequence? Trunk { get; set; }

    /// <summary>
    /// Its trunk is not computed yet. A table is as long as it will be while the pass that fills it is still planned or running: a page shared in that
    /// pass would be copied before its rows are written.
    /// </summary>
    internal bool WaitsForTrunk => Trunk is { } trunk && (trunk.Request is not null || trunk.Table.Length < trunk.Length);

    /// <summary>Sequences that wait for this one as their trunk.</summary>
    internal int Dependents { get; set; }

    /// <summary>
    /// How many sequences there would be in its place if nothing were shared: 0 for one that exists only to be shared, several for one that serves several
    /// beams. Counts in <see cref="Usage.PagesPeakWithoutSharing"/>.
    /// </summary>
    public int Owners
    {
        get => OwnerCount;
        set => _engine.SetOwners(this, value);
    }

    internal int OwnerCount { get; set; } = 1;

    /// <summary>The request in progress.</summary>
    internal Request? Request { get; set; }

    /// <summary>Disposed by its owner; the pages go as soon as no pass uses them.</summary>
    internal bool Disposed { get; set; }

    internal List<int> MutableTokens => _tokens;

    /// <summary>The last token was drawn, not given.</summary>
    internal bool EndsWithDrawnToken { get; set; }

    /// <summary>An independent copy that shares all pages and draws from another beam's random numbers.</summary>
    public Sequence Fork(int beam) => _engine.Fork(this, Stream with { Beam = beam });

    /// <summary>Appends given tokens; they are computed when the next request needs them.</summary>
    public void Append(ReadOnlySpan<int> tokens) => _engine.Append(this, tokens);

    /// <summary>Keeps only the first tokens.</summary>
    public void Truncate(int length) => _engine.Truncate(this, length);

    internal void AddDrawn(int token)
    {
        _tokens.Add(token);
        EndsWithDrawnToken = true;
    }

    /// <summary>Gives the pages back. A request still running is cancelled.</summary>
    public void Dispose() => _engine.Release(this);
}
