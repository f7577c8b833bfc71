using CudaSearch.Cache;
using CudaSearch.Engine.Tracing;

namespace CudaSearch.Engine;

/// <summary>
/// Finds waiting generations that would compute the very same rows: beams of one prompt whose tokens are still equal. One of them, the leader, goes into the
/// pass; its twins draw from its row with their own random numbers and share its pages afterwards. A row depends on nothing but its sequence, so a twin gets
/// bit for bit what it would have computed itself.
/// </summary>
/// <param name="mostTogether">Most requests that may draw from one row.</param>
internal sealed class TwinRequests(int mostTogether)
{
    private readonly Dictionary<Key, Request> _leaders = [];

    // A shared page is immutable while it is shared, and was written after one prefix: page and length name everything that is computed so far.
    private readonly record struct Key(int LastPage, int Computed, int Pending, int LastToken);

    /// <summary>Whether any were joined for the pass at hand.</summary>
    public bool Any { get; private set; }

    /// <summary>Forgets the last pass, whose twins have parted.</summary>
    public void Clear()
    {
        _leaders.Clear();
        Any = false;
    }

    /// <summary>Joins the twins of a pass to be planned. A twin holds no pages while it is joined, so that its leader can append in place.</summary>
    /// <param name="waiting">In order of age; trunks that are ready are adopted.</param>
    /// <param name="trace">Told of every twin; null for nobody.</param>
    public void Join(List<Request> waiting, EngineTrace? trace)
    {
        foreach (Request request in waiting)
        {
            if (request.Kind != RequestKind.Generate || request.Sequence.Trunk is not null || request.Sequence.Table.Length == 0) continue;
            Sequence sequence = request.Sequence;
            PageTable table = sequence.Table;
            // Twins hold the same last page.
            if (!table.IsTailShared) continue;
            var key = new Key(table.Pages[^1], table.Length, sequence.Length - table.Length, sequence.Tokens[^1]);
            if (_leaders.TryGetValue(key, out Request? leader) && leader.TwinCount + 1 < mostTogether && Pending(leader.Sequence).SequenceEqual(Pending(sequence)))
            {
                table.Clear();
                leader.AddTwin(request);
                Any = true;
                trace?.Joined(sequence, leader.Sequence);
            }
            else
            {
                _leaders[key] = request;
            }
        }
    }

    /// <summary>Gives the twins of a leader pages of their own again: all that their leader has.</summary>
    public static void Part(Request leader, EngineTrace? trace)
    {
        while (leader.TakeTwin() is { } twin)
        {
            twin.Sequence.Table.Share(leader.Sequence.Table);
            trace?.Parted(twin.Sequence, leader.Sequence);
        }
    }

    private static ReadOnlySpan<int> Pending(Sequence sequence) => sequence.Tokens[sequence.Table.Length..];
}
