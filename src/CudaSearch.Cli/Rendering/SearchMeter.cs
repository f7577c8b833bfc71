using CudaSearch.Engine;

namespace CudaSearch.Cli.Rendering;

/// <summary>How fast a search writes and what its caches hold, in words.</summary>
/// <param name="status">Asks the engines: the generator's first, then the verifier's where there is one.</param>
/// <param name="time">The clock.</param>
internal sealed class SearchMeter(Func<IReadOnlyList<EngineStatus>> status, TimeProvider time)
{
    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(1);

    private readonly long _start = time.GetTimestamp();
    private readonly Queue<(TimeSpan At, long Tokens)> _recent = new([(TimeSpan.Zero, status()[0].DrawnTokens)]);

    /// <summary>Tokens a second over the last second, pages held by generator and verifier, and how many of them sharing saved.</summary>
    public string Describe()
    {
        IReadOnlyList<EngineStatus> engines = status();
        TimeSpan now = time.GetElapsedTime(_start);
        _recent.Enqueue((now, engines[0].DrawnTokens));
        while (_recent.Count > 2 && now - _recent.Peek().At > s_window) _recent.Dequeue();
        (TimeSpan then, long tokens) = _recent.Peek();
        double rate = (engines[0].DrawnTokens - tokens) / Math.Max(1e-3, (now - then).TotalSeconds);
        int held = engines.Sum(engine => engine.HeldPages), alone = engines.Sum(engine => engine.HeldPagesWithoutSharing);
        string shared = alone > held ? FormattableString.Invariant($", {100.0 * (alone - held) / alone:0} % shared") : "";
        return FormattableString.Invariant($"{rate:0} tokens/s · {held:N0} pages{shared}");
    }
}
