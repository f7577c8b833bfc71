using PtxLint;

namespace CudaSearch.Cuda.Tests.Build;

/// <summary>Every PTX file of the build in the hands of a real assembler.</summary>
public sealed class AssembledKernelTests
{
    // Bytes that a thread of an attention kernel may leave in local memory; others none. Only what is at rest while a range is folded may lie
    // there: the total of the segments before, and what a block knows of its work.
    private const int AttentionSpill = 512;

    // Products of a warpgroup one after the other, because the assembler could not follow their registers. Before 12.5 it does not follow weights
    // that are computed while the next scores are under way.
    private const string Serialised = "attend_prefill_wgmma";
    private static readonly Version s_overlapping = new(12, 5);

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
            Assert.Equal(operation == Serialised && ptxas.Version < s_overlapping, log.Contains("wgmma.mma_async instructions are serialized", StringComparison.Ordinal));
            Assert.All(kernels, kernel =>
            {
                int allowed = kernel.Name.StartsWith("attend_", StringComparison.Ordinal) ? AttentionSpill : 0;
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
