namespace CudaSearch.Engine;

/// <summary>Which random numbers a sequence draws. With the position of the token it fixes each draw.</summary>
/// <param name="Seed">The run's seed.</param>
/// <param name="Problem">Identifies the problem, e.g. a hash of its text: equal in every run and batch.</param>
/// <param name="Beam">Which of the problem's beams.</param>
public readonly record struct RandomStream(ulong Seed, ulong Problem, int Beam);
