namespace CudaSearch.Cuda.Tests.Cuda;

public sealed class KernelImagesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kernels").FullName;

    [Theory]
    [InlineData("8.0", "sm_80")]
    [InlineData("8.6", "sm_80")]
    [InlineData("8.9", "sm_89")]
    [InlineData("9.0", "sm_90a")]
    [InlineData("10.0", "sm_89")]
    [InlineData("12.0", "sm_89")]
    public void TheNewestTargetThatRunsIsChosen(string capability, string target) =>
        Assert.Equal(target, KernelImages.TargetFor("device", Version.Parse(capability)));

    [Fact]
    public void ADeviceBeforeAmpereIsRefused()
    {
        var e = Assert.Throws<CudaSearchException>(() => KernelImages.TargetFor("Tesla T4", new Version(7, 5)));
        Assert.Equal(Failure.DeviceUnavailable, e.Failure);
        Assert.StartsWith("Tesla T4 has compute capability 7.5; the kernels need 8.0", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFolderGivenIsTakenAsItIs()
    {
        string folder = Add("checker", "embed.so");
        KernelImages images = KernelImages.Find(folder, "device", new Version(9, 0));
        Assert.Equal(("checker host module", ".so", folder), (images.Description, images.Extension, images.Folder));
        Assert.Equal([7], images.Read("embed"));
    }

    [Fact]
    public void FatBinariesComeBeforePtx()
    {
        Add("sm_80", "embed.ptx");
        Assert.Equal("sm_80 PTX", KernelImages.FindBeside(_folder, "device", new Version(8, 0)).Description);
        Add("fatbin", "embed.fatbin");
        Assert.Equal("fat binary", KernelImages.FindBeside(_folder, "device", new Version(8, 0)).Description);
    }

    [Fact]
    public void AFatBinaryDoesNotMakeAnOldDeviceFit()
    {
        Add("fatbin", "embed.fatbin");
        Assert.Throws<CudaSearchException>(() => KernelImages.FindBeside(_folder, "device", new Version(7, 5)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AFolderWithoutImagesIsNamedWithWhatToDo(bool exists)
    {
        string folder = Path.Combine(_folder, "sm_90a");
        if (exists) Directory.CreateDirectory(folder);
        var capability = new Version(9, 0);
        Func<KernelImages>[] searches =
        [
            () => KernelImages.Find(folder, "device", capability),
            () => KernelImages.FindBeside(_folder, "device", capability),
        ];
        foreach (Func<KernelImages> search in searches)
        {
            var e = Assert.Throws<CudaSearchException>(search);
            Assert.Equal(Failure.DeviceUnavailable, e.Failure);
            Assert.StartsWith($"there are no kernel images in '{folder}'; build with clang 19", e.Message, StringComparison.Ordinal);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Add(string folder, string file)
    {
        string path = Directory.CreateDirectory(Path.Combine(_folder, folder)).FullName;
        File.WriteAllBytes(Path.Combine(path, file), [7]);
        return path;
    }
}
