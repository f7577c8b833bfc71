using CudaSearch.Evaluation;

namespace CudaSearch.Tests.Evaluation;

public sealed class DevicesTests
{
    [Theory]
    [InlineData("gpu", true, "--device gpu is unknown; use auto, cpu or cuda[:i]")]
    [InlineData("cuda:x", true, "--device cuda:x is unknown")]
    [InlineData("cpu", false, "--pdl off is for a GPU")]
    public void WhatNoDeviceCanDoIsRefused(string device, bool dependentLaunch, string message)
    {
        CudaSearchException refused = Assert.Throws<CudaSearchException>(
            () => Devices.Open(device, threads: 1, out _, dependentLaunch).Dispose());
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }
}
