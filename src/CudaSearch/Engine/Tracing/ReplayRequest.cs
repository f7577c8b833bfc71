using CudaSearch.Backends;

namespace CudaSearch.Engine.Tracing;

/// <summary>A recorded request, made again: it asks for the same rows and draws what was drawn then.</summary>
internal sealed class ReplayRequest(Sequence sequence, RequestKind kind, int[]? positions, RequestScript script) : Request(sequence, CancellationToken.None)
{
    private int _drawn;
    private bool _reachesEnd;

    public override RequestKind Kind => kind;

    public override int[]? Positions => positions;

    public override int FirstNeeded => positions is null ? Sequence.Length - 1 : positions[0];

    public override bool Draws => kind == RequestKind.Generate && _reachesEnd;

    /// <summary>Whether it was answered when it was recorded.</summary>
    public bool WasAnswered => script.Answered;

    /// <summary>Whether there was no room for it, now.</summary>
    public bool Refused { get; private set; }

    public override int OutputRows(int firstPosition, int rows)
    {
        if (positions is null) return firstPosition + rows == Sequence.Length ? 1 : 0;
        return positions.Count(position => position >= firstPosition && position < firstPosition + rows);
    }

    public override void AddOutputs(StepBatch batch, int firstRow, int firstPosition, int rows) => _reachesEnd = firstPosition + rows == Sequence.Length;

    public override bool TakeResults(PassResults results)
    {
        if (!Draws) return Sequence.Table.Length == Sequence.Length;
        Sequence.Usage.GeneratedTokens++;
        // It was refused or cancelled when it was recorded, and had drawn nothing more.
        if (_drawn == script.Draws.Count) return true;
        Drawn drawn = script.Draws[_drawn++];
        Take(drawn);
        return drawn.Done;
    }

    public override void Complete()
    {
    }

    /// <summary>Its sequence goes on as recorded: what comes later is about those tokens.</summary>
    public override void Fail(Exception exception)
    {
        Refused = true;
        while (_drawn < script.Draws.Count) Take(script.Draws[_drawn++]);
    }

    public override void Cancel()
    {
    }

    private void Take(Drawn drawn)
    {
        int kept = drawn.Kept ?? Sequence.Length;
        Sequence.MutableTokens.RemoveRange(kept, Sequence.Length - kept);
        if (Sequence.Table.Length > kept) Sequence.Table.Truncate(kept);
        Sequence.MutableTokens.AddRange(drawn.Tokens);
        if (drawn.Tokens.Length > 0 || drawn.Kept is not null) Sequence.EndsWithDrawnToken = true;
    }
}
