using PtxLint;

namespace CudaSearch.Cuda.Tests.Build;

/// <summary>Every PTX file that the build made and that programs carry beside them.</summary>
public sealed class PtxFileTests
{
    [Theory]
    [InlineData("sm_80")]
    [InlineData("sm_89")]
    [InlineData("sm_90a")]
    public void HoldsNothingAnAssemblerWouldRefuse(string target)
    {
        Assert.NotEmpty(KernelSources.Operations(target));
        IEnumerable<string> refused = KernelSources.Operations(target).SelectMany(operation => PtxLinter.Check(Read(target, operation), target)
            .Select(violation => $"{target}/{operation}.ptx:{violation.Line}: {violation.Message}"));
        Assert.Empty(refused);
    }

    /// <summary>The PTX of an operation; skips the test where none was built.</summary>
    internal static PtxModule Read(string target, string operation)
    {
        string path = PathOf(target, operation);
        Assert.SkipUnless(Directory.Exists(Path.GetDirectoryName(path)), "no PTX was built: no clang 19");
        return PtxModule.Parse(File.ReadAllText(path));
    }

    /// <summary>Where the PTX of an operation is, if it was built.</summary>
    internal static string PathOf(string target, string operation) =>
        Path.Combine(AppContext.BaseDirectory, "kernels", target, operation + ".ptx");
}
