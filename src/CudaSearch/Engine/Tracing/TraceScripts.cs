namespace CudaSearch.Engine.Tracing;

/// <summary>What a recorded request drew in one pass.</summary>
/// <param name="Kept">Tokens of the sequence that stay; null for all.</param>
/// <param name="Tokens">Those that follow them.</param>
/// <param name="Done">Whether that ended the request.</param>
internal readonly record struct Drawn(int? Kept, int[] Tokens, bool Done);

/// <summary>What became of a recorded request.</summary>
internal sealed class RequestScript
{
    /// <summary>What it drew, pass by pass.</summary>
    public List<Drawn> Draws { get; } = [];

    /// <summary>Whether it was answered; one that was cancelled or refused was not.</summary>
    public bool Answered { get; set; }
}

/// <summary>Finds for every request of a trace what became of it.</summary>
internal static class TraceScripts
{
    /// <summary>The scripts of one engine's requests, in the order they were made.</summary>
    public static Queue<RequestScript> Of(IEnumerable<TraceEvent> events)
    {
        var scripts = new Queue<RequestScript>();
        var open = new Dictionary<long, RequestScript>();
        foreach (TraceEvent happened in events)
        {
            if (happened.Event == "request") scripts.Enqueue(open[happened.Seq!.Value] = new RequestScript());
            // A trunk has results, too, but nobody asked for them.
            if (happened.Event != "result" || !open.TryGetValue(happened.Seq!.Value, out RequestScript? script)) continue;
            if (happened.Tokens is { } tokens) script.Draws.Add(new Drawn(happened.Length, tokens, happened.Done == true));
            if (happened.Done == true) script.Answered = true;
        }
        return scripts;
    }
}
