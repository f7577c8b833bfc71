using CudaSearch.Engine;

namespace CudaSearch.Search;

/// <summary>
/// The random numbers with which a strategy itself chooses, as opposed to those that tokens are drawn with. They come from the same counter-based generator,
/// keyed by (seed, problem), on negative beams, which no branch has: a choice depends on nothing but its round and its place in it.
/// </summary>
/// <param name="Seed">The run's seed.</param>
/// <param name="Problem">Identifies the problem.</param>
internal readonly record struct ChoiceStream(ulong Seed, ulong Problem)
{
    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    /// <param name="round">Which round of the search.</param>
    /// <param name="draw">Which draw of the round.</param>
    public double Uniform(int round, int draw) => (Philox.Draw(Seed, Problem, -1 - round, draw).Key >> 11) * (1.0 / (1ul << 53));
}
