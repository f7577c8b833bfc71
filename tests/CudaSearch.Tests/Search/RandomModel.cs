using CudaSearch.Search;
using CudaSearch.Verification;
using CsCheck;

namespace CudaSearch.Tests.Search;

/// <summary>Models and options drawn at random. What a model says depends on the seed, the text so far and the stream only, as with the real one.</summary>
internal static class RandomModel
{
    /// <summary>Few different texts and scores, so that duplicates and ties are common.</summary>
    public static Func<Request, GeneratedText> Script(int seed) => request =>
    {
        int greedyBeam = request.Options.Temperature == 0 ? -1 : request.Beam;
        uint draw = Hash(seed, request.Revised is null ? request.Text : $"{request.Revised}>{request.Text}", greedyBeam);
        char letter = (char)('a' + draw % 2);
        uint digit = draw / 2 % 4;
        return (draw / 8 % 16) switch
        {
            0 => FakeModel.ForeignEnd($"{letter}{digit}"),
            1 => FakeModel.End(""),
            2 => FakeModel.Cut($"{letter}{digit}"),
            3 or 4 => FakeModel.End($"{letter}{digit}"),
            5 => FakeModel.End($@"\boxed{{{digit}}}"),
            _ when request.Options.StopText is null => FakeModel.End($"{letter}{digit}\n\n{digit}"),
            _ => FakeModel.Step($"{letter}{digit}"),
        };
    };

    /// <summary>For compute-optimal search, which wants one: every kind of strategy, at a width that every N is divided by.</summary>
    public static ComputeOptimalPolicy Policy { get; } = new(
        pilot: 2, [0.6, 0.3], new Dictionary<int, IReadOnlyList<PolicyChoice>> { [1] = [new("best-of-n", 1), new("rebase", 1), new("dvts", 1)] });

    public static Gen<SearchOptions> Options { get; } =
        from width in Gen.Int[1, 4]
        from groups in Gen.Int[1, 4]
        from iterations in Gen.Int[1, 6]
        from lookahead in Gen.Int[0, 2]
        from aggregation in Gen.Enum<Aggregation>()
        from filter in Gen.Bool
        from sort in Gen.Bool
        select new SearchOptions
        {
            N = width * groups,
            BeamWidth = width,
            Iterations = iterations,
            Lookahead = lookahead,
            Aggregation = aggregation,
            FilterDuplicates = filter,
            SortCompleted = sort,
            Policy = Policy,
        };

    /// <summary>FNV-1a with a final mix: the same on every run and machine.</summary>
    private static uint Hash(int seed, string text, int beam)
    {
        uint hash = 2166136261;
        foreach (char c in $"{seed}|{beam}|{text}") hash = (hash ^ c) * 16777619;
        hash ^= hash >> 15;
        hash *= 2246822519;
        return hash ^ (hash >> 13);
    }
}
