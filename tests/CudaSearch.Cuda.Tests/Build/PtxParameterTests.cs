using CudaSearch.Cuda.Tests.Support;
using PtxLint;

namespace CudaSearch.Cuda.Tests.Build;

/// <summary>
/// The kernels of the PTX take the parameters that the same kernels take on the host device, where each argument struct of the library is
/// checked against them when its kernel is made. So a struct that fits here fits on a GPU.
/// </summary>
public sealed class PtxParameterTests(DeviceFixture device)
{
    [Theory]
    [InlineData("sm_80")]
    [InlineData("sm_90a")]
    public void AreThoseOfTheHostDevice(string target)
    {
        TestDevice.RequireHost();
        Assert.NotEmpty(KernelSources.Operations(target));
        List<string> refused = [];
        foreach (string operation in KernelSources.Operations(target))
        {
            string module = Path.Combine(TestDevice.CheckedKernels!, operation + ".so");
            foreach (PtxEntry entry in PtxFileTests.Read(target, operation).Entries)
            {
                List<PtxParameter> expected = HostParameters(module, entry.Name);
                refused.AddRange(PtxLinter.CheckParameters(entry, expected).Select(violation => violation.Message));
            }
        }
        Assert.Empty(refused);
    }

    private unsafe List<PtxParameter> HostParameters(string file, string function)
    {
        CudaContext context = device.Context;
        nint module;
        fixed (byte* image = File.ReadAllBytes(file)) Require(DriverApi.cuModuleLoadDataEx(out module, image, 0, null, null), file);
        using var handle = new ModuleHandle(context, module);
        Require(DriverApi.cuModuleGetFunction(out nint kernel, handle, function), function);
        var parameters = new List<PtxParameter>();
        while (DriverApi.cuFuncGetParamInfo(kernel, (nuint)parameters.Count, out nuint offset, out nuint size) == CudaResult.Success)
            parameters.Add(new PtxParameter((int)offset, (int)size));
        return parameters;
    }

    private static void Require(int result, string what) => Assert.True(result == CudaResult.Success, $"{what}: driver error {result}");
}
