using PtxLint;

namespace CudaSearch.Cuda.Tests.Build;

/// <summary>Every PTX file of the build in the hands of a real assembler.</summary>
public sealed class AssembledKernelTests
{
    // Bytes that a thread may leave in local memory. Only what is at rest in a loop may lie there: attention's totals, and what a block
    // knows of its work, while a range is folded; the tile's place, while a persistent warpgroup multiplies.
    private static readonly (string Prefix, int Bytes)[] s_spills = [("attend_", 448), ("", 32)];

    private static readonly ParallelOptions s_cores = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };

    [Theory]
    [InlineData("sm_80")]
    [InlineData("sm_89")]
    [InlineData("sm_90a")]
    public void AnAssemblerTakesEveryKernel(string target)
    {
        Ptxas ptxas = Ptxas.Find();
        Parallel.ForEach(KernelSources.Operations(target), s_cores, operation =>
        {
            PtxModule module = PtxFileTests.Read(target, operation);
            (int status, string log, IReadOnlyList<KernelResources> kernels) = ptxas.Assemble(PtxFileTests.PathOf(target, operation), target);
            Assert.True(status == 0, $"{target}/{operation}.ptx: {log}");
            Assert.Equal(module.Entries.Select(entry => entry.Name).Order(), kernels.Select(kernel => kernel.Name).Order());
            // "Potential Performance Loss": products of a warpgroup one after the other, because the compiler could not follow their sums.
            Assert.DoesNotContain("wgmma", string.Concat(log.Split('\n').Where(line => line.Contains("Performance", StringComparison.Ordinal))));
            Assert.All(kernels, kernel =>
            {
                int allowed = s_spills.First(spill => kernel.Name.StartsWith(spill.Prefix, StringComparison.Ordinal)).Bytes;
                Assert.True(kernel.SpillStores <= allowed && kernel.SpillLoads <= allowed, $"{target}: {kernel}");
            });
        });
    }

    [Fact]
    public void AnAssemblerRefusesWhatIsNoPtx()
    {
        Ptxas ptxas = Ptxas.Find();
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, ".version 8.4\n.target sm_80\n.address_size 64\n.entry k() { fly.b32 %r0; }\n");
            (int status, string log, _) = ptxas.Assemble(file, "sm_80");
            Assert.NotEqual(0, status);
            Assert.Contains("line 4", log, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
