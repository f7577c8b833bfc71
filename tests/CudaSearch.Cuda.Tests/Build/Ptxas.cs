using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Build;

/// <summary>What a kernel needs of a target, as the assembler tells it.</summary>
/// <param name="Name">The entry's name.</param>
/// <param name="Registers">Registers of a thread.</param>
/// <param name="SpillStores">Bytes a thread writes to local memory for want of registers.</param>
/// <param name="SpillLoads">Bytes it reads back.</param>
internal sealed record KernelResources(string Name, int Registers, int SpillStores, int SpillLoads);

/// <summary>NVIDIA's PTX assembler: on the PATH, or where <c>tests/fetch-ptxas</c> puts it.</summary>
internal sealed partial class Ptxas
{
    private readonly string _path;

    private Ptxas(string path)
    {
        _path = path;
        Version = Version.Parse(Release().Match(Run("--version").Output).Groups[1].ValueSpan);
    }

    /// <summary>Of the toolkit it belongs to, such as 12.4.</summary>
    public Version Version { get; }

    /// <summary>The assembler; skips the test where there is none.</summary>
    public static Ptxas Find()
    {
        IEnumerable<string> folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Append("/usr/local/cuda/bin").Append(Checkout.Folder("tests", ".data"));
        string? path = folders.Select(folder => Path.Combine(folder, "ptxas")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, "no ptxas on the PATH; tests/fetch-ptxas gets one");
        return new Ptxas(path!);
    }

    /// <summary>Assembles a PTX file.</summary>
    /// <returns>The exit status, what it said, and its kernels.</returns>
    public (int Status, string Log, IReadOnlyList<KernelResources> Kernels) Assemble(string file, string target)
    {
        (int status, string log) = Run("--verbose", $"--gpu-name={target}", file, "--output-file", "/dev/null");
        return (status, log, [.. Kernel().Matches(log).Select(Resources)]);
    }

    private (int Status, string Output) Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(_path, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, errors + output.Result);
    }

    private static KernelResources Resources(Match match)
    {
        int Number(string group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);
        return new KernelResources(match.Groups["name"].Value, Number("registers"), Number("stores"), Number("loads"));
    }

    [GeneratedRegex(@"release (\d+\.\d+)")]
    private static partial Regex Release();

    [GeneratedRegex(@"Compiling entry function '(?<name>\w+)'.*?(?<stores>\d+) bytes spill stores, (?<loads>\d+) bytes spill loads.*?Used (?<registers>\d+) registers",
        RegexOptions.Singleline)]
    private static partial Regex Kernel();
}
