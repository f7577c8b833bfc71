using CsCheck;

namespace CudaSearch.Tests.Cache;

public sealed class CacheModelTests
{
    private static readonly Gen<(int, int, int)[]> s_operations =
        Gen.Select(Gen.Int[0, 8], Gen.Int[0, 99], Gen.Int[0, 90]).Array[0, 60];

    [Theory]
    [InlineData(40, 64)]
    [InlineData(12, 16)]
    [InlineData(24, 1)]
    public void RandomOperationsAgreeWithTheNaiveModel(int pages, int buckets) =>
        s_operations.Sample(
            operations =>
            {
                using CacheModel model = new(pages, buckets);
                foreach ((int kind, int pick, int amount) in operations) model.Perform(kind, pick, amount);
            },
            iter: 300,
            threads: 1);
}
