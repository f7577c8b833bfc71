using CudaSearch.Backends.Cuda;

namespace CudaSearch.Cuda.Tests.Kernels;

public sealed class GemmTileTests
{
    [Theory]
    [InlineData(1, 2048, "m16n16")]
    [InlineData(16, 128256, "m16n16")]
    [InlineData(17, 2048, "m64n32")]
    [InlineData(64, 2048, "m64n32")]
    [InlineData(64, 8192, "m64n64")]
    [InlineData(64, 128256, "m64n64")]   // never 128 rows for 64
    [InlineData(128, 4096, "m64n64")]
    [InlineData(256, 2048, "m64n64")]
    [InlineData(256, 8192, "m128n128")]
    [InlineData(4096, 2048, "m128n128")]
    [InlineData(4096, 64, "m64n32")]     // 32 tiles of 128 rows would leave most of the GPU idle
    public void TheLargestTileThatFillsTheGpuIsChosen(int rowCapacity, int n, string expected) =>
        Assert.Equal(expected, LinearKernel.Tiles[GemmTile.Choose(LinearKernel.Tiles, rowCapacity, n)].Suffix);

    [Theory]
    [InlineData(8, 8192, "m16n16")]
    [InlineData(64, 4096, "m64n32")]
    [InlineData(64, 8192, "m64n64")]
    [InlineData(128, 4096, "m64n64")]
    [InlineData(128, 8192, "m128n64")]
    public void SoIsThatOfAGatedProduct(int rowCapacity, int n, string expected) =>
        Assert.Equal(expected, GatedLinearKernel.Tiles[GemmTile.Choose(GatedLinearKernel.Tiles, rowCapacity, n)].Suffix);

    [Fact]
    public void TheGridCoversEveryRowAndColumn() => Assert.Equal(new Dim3(3, 2), new GemmTile(64, 32, 128).Grid(129, 40));
}
