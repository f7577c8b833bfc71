using PtxLint;

namespace CudaSearch.Cuda.Tests.Build;

/// <summary>Plants each thing the linter is there to refuse into a module that it accepts.</summary>
public sealed class PtxLinterTests
{
    private const string Accepted = """
        .version 8.4
        .target sm_90a
        .address_size 64
        .visible .entry scale(
            .param .u64 scale_param_0,
            .param .u32 scale_param_1,
            .param .align 16 .b8 scale_param_2[32]
        )
        .maxntid 128, 1, 1
        {
            .reg .b32 %r<9>; // registers; of course
            .shared .align 16 .b8 tile[64];
            mov.u32 %r1, %tid.x;
        $L__BB0_1:
            @%p1 bra $L__BB0_1;
            // begin inline asm
            { .reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [%r1], %r2; selp.u32 %r3, 1, 0, p; }
            // end inline asm
            mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f1,%f2,%f3,%f4}, {%r1,%r2,%r3,%r4}, {%r5,%r6}, {%f1,%f2,%f3,%f4};
            wgmma.fence.sync.aligned;
            ret;
        }
        """;

    [Fact]
    public void AcceptsWhatTheProjectAllows()
    {
        PtxModule module = PtxModule.Parse(Accepted);
        Assert.Empty(PtxLinter.Check(module, "sm_90a"));
        Assert.Equal(
            [
                "mov.u32", "bra", "mbarrier.try_wait.parity.shared::cta.b64", "selp.u32",
                "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", "wgmma.fence.sync.aligned", "ret",
            ],
            module.Instructions.Select(instruction => instruction.Name));
    }

    [Theory]
    [InlineData("", "mov.b32 %f9, %f2;", 22)]
    [InlineData("mov.b32 %f2, %f9;", "", 20)]
    public void RefusesToTouchAccumulatorsInFlight(string between, string behind, int line)
    {
        string product = "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%f1,%f2,%f3,%f4}, %rd1, %rd2, p, 1, 1, 0, 0;";
        string Planted(string groups) => Accepted.Replace(
            "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f1,%f2,%f3,%f4}, {%r1,%r2,%r3,%r4}, {%r5,%r6}, {%f1,%f2,%f3,%f4};",
            $"{product}\n{between}{product}\nwgmma.wait_group.sync.aligned {groups};\n{behind}wgmma.wait_group.sync.aligned 0;\nadd.rn.f32 %f9, %f2, %f3;",
            StringComparison.Ordinal);
        PtxViolation violation = Assert.Single(PtxLinter.Check(PtxModule.Parse(Planted("1")), "sm_90a"));
        Assert.Equal(line, violation.Line);
        Assert.Contains("touches %f2, which a product in flight adds to", violation.Message, StringComparison.Ordinal);
        if (between == "") Assert.Empty(PtxLinter.Check(PtxModule.Parse(Planted("0")), "sm_90a"));
    }

    [Theory]
    [InlineData("wgmma.fence.sync.aligned", "wgmma.fense.sync.aligned", 20, "not on the list")]
    [InlineData("mov.u32 %r1", "add.f64 %r1", 13, "not on the list")]
    [InlineData("mov.u32 %r1", "add.f32 %r1", 13, "not on the list")]
    [InlineData("mov.u32 %r1, %tid.x", "call.uni (r), f, ()", 13, "not on the list")]
    [InlineData("mov.u32 %r1", "ld.local.u32 %r1", 13, "local memory")]
    [InlineData(".shared .align 16 .b8 tile", ".local .align 16 .b8 __local_depot0", 12, "local memory")]
    [InlineData(".version 8.4", ".version 7.8", 1, "PTX version 7.8")]
    [InlineData(".version 8.4", ".version 7.8", 20, "needs PTX 8.0")]
    [InlineData(".target sm_90a", ".target sm_90", 20, "exists on sm_90a alone")]
    [InlineData(".target sm_90a", ".target sm_80", 17, "needs sm_90")]
    [InlineData(".target sm_90a", ".target sm_80", 1, "sm_90a belongs")]
    [InlineData(".visible .entry", ".visible .func", 1, "no kernel")]
    [InlineData(".visible .entry", ".extern .func expf;\n.visible .entry", 4, "not inlined")]
    public void RefusesAPlantedViolation(string original, string planted, int line, string message)
    {
        Assert.Contains(original, Accepted, StringComparison.Ordinal);
        IReadOnlyList<PtxViolation> violations =
            PtxLinter.Check(PtxModule.Parse(Accepted.Replace(original, planted, StringComparison.Ordinal)), "sm_90a");
        Assert.Contains(violations, violation => violation.Line == line && violation.Message.Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public void LaysParametersOutAsTheDriverDoes()
    {
        PtxEntry entry = Assert.Single(PtxModule.Parse(Accepted).Entries);
        Assert.Equal("scale", entry.Name);
        Assert.Equal([new PtxParameter(0, 8), new PtxParameter(8, 4), new PtxParameter(16, 32)], entry.Parameters);
        Assert.Empty(PtxLinter.CheckParameters(entry, [new(0, 8), new(8, 4), new(16, 32)]));
    }

    [Fact]
    public void RefusesParametersThatCallersPassElsewhere()
    {
        PtxEntry entry = Assert.Single(PtxModule.Parse(Accepted).Entries);
        PtxViolation violation = Assert.Single(PtxLinter.CheckParameters(entry, [new(0, 8), new(8, 4)]));
        Assert.Contains("3 parameters, its callers pass 2", violation.Message, StringComparison.Ordinal);
        violation = Assert.Single(PtxLinter.CheckParameters(entry, [new(0, 8), new(8, 8), new(16, 32)]));
        Assert.Contains("parameter 1 lies at byte 8 with 4 bytes", violation.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ListsOnlyWholeNames()
    {
        Assert.Null(PtxInstructionSet.Find("wgmma"));
        Assert.Null(PtxInstructionSet.Find("ld.global.u32.what"));
        Assert.NotNull(PtxInstructionSet.Find("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16"));
    }
}
