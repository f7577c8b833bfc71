using PtxLint;

namespace CudaSearch.Cuda.Tests.Build;

/// <summary>Every PTX file that the build made and that programs carry beside them.</summary>
public sealed class PtxFileTests
{
    private static readonly string s_images = Path.Combine(AppContext.BaseDirectory, "kernels");

    [Theory]
    [InlineData("sm_80")]
    [InlineData("sm_89")]
    [InlineData("sm_90a")]
    public void HoldsNothingAnAssemblerWouldRefuse(string target)
    {
        List<string> refused = [];
        foreach (string operation in KernelSources.Operations())
        {
            IEnumerable<PtxViolation> violations = PtxLinter.CheckFile(Image(target, operation));
            refused.AddRange(violations.Select(violation => $"{target}/{operation}.ptx:{violation.Line}: {violation.Message}"));
        }
        Assert.Empty(refused);
    }

    [Fact]
    public void TakesTheSameParametersOnEveryTarget()
    {
        foreach (string operation in KernelSources.Operations())
        {
            Dictionary<string, PtxEntry> entries = Entries("sm_80", operation);
            foreach (PtxEntry entry in Entries("sm_90a", operation).Values.Concat(Entries("sm_89", operation).Values))
            {
                if (entries.TryGetValue(entry.Name, out PtxEntry? general)) Assert.Empty(PtxLinter.CheckParameters(entry, general.Parameters));
            }
        }
    }

    private static Dictionary<string, PtxEntry> Entries(string target, string operation) =>
        PtxModule.Parse(File.ReadAllText(Image(target, operation))).Entries.ToDictionary(entry => entry.Name);

    private static string Image(string target, string operation)
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(s_images, target)), "no PTX was built: no clang 19");
        return Path.Combine(s_images, target, operation + ".ptx");
    }
}
