namespace CudaSearch.Tests;
public sealed class P { [Fact] public void T() => Assert.True(true); }
