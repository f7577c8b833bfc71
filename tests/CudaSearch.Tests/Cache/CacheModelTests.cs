using CsCheck;
using CudaSearch.Cache;

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

    [Theory]
    [InlineData(8, Eviction.Lru)]
    [InlineData(32, Eviction.Lru)]
    [InlineData(16, Eviction.Fifo)]
    [InlineData(8, Eviction.Fifo)]
    public void SoTheyDoWithPagesOfOtherSizesAndAnotherEviction(int pageSize, Eviction eviction) =>
        s_operations.Sample(
            operations =>
            {
                using CacheModel model = new(pages: 320 / pageSize, buckets: 16, pageSize, eviction);
                foreach ((int kind, int pick, int amount) in operations) model.Perform(kind, pick, amount);
            },
            iter: 300,
            threads: 1);
}
