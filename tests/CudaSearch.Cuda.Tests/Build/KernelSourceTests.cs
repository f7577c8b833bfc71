using System.Text.RegularExpressions;

namespace CudaSearch.Cuda.Tests.Build;

/// <summary>
/// Kernels use the words of <c>common/device.cuh</c> and plain C++, nothing else: that is what makes the same file run on a GPU and on the
/// host device, and it keeps every instruction that a compiler does not understand in one place.
/// </summary>
public sealed partial class KernelSourceTests
{
    private const string Header = "device.cuh";

    [Fact]
    public void UseNoWordOfOneCompiler()
    {
        List<string> found = [];
        foreach (string file in Sources().Where(file => Path.GetFileName(file) != Header))
        {
            string[] lines = File.ReadAllLines(file);
            for (int i = 0; i < lines.Length; i++)
            {
                if (Forbidden().Match(Comment().Replace(lines[i], "")) is { Success: true } match)
                    found.Add($"{Path.GetFileName(file)}:{i + 1}: {match.Value}");
            }
        }
        Assert.Empty(found);
    }

    [Fact]
    public void ExportEveryKernel()
    {
        foreach (string file in Sources())
        {
            if (Path.GetFileName(file) == Header) continue;
            string text = File.ReadAllText(file);
            Assert.Equal(Names(Kernel(), text), Names(Export(), text));
        }
    }

    [Theory]
    [InlineData("    asm volatile(\"ret;\");")]
    [InlineData("__shared__ float x[4];")]
    [InlineData("u32 m = __activemask();")]
    [InlineData("#include <math.h>")]
    [InlineData("y = expf(x);")]
    public void FindsAPlantedWord(string line) => Assert.Matches(Forbidden(), line);

    private static IEnumerable<string> Sources()
    {
        IEnumerable<string> files = Directory.EnumerateFiles(KernelSources.Folder(), "*.cu*", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        return files;
    }

    private static IEnumerable<string> Names(Regex pattern, string text) =>
        pattern.Matches(text).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal);

    [GeneratedRegex(@"\basm\b|__shared__|__activemask|__global__|__device__|#\s*include\s*<|\b(exp|log|sin|cos|pow|tanh)f?\s*\(")]
    private static partial Regex Forbidden();

    [GeneratedRegex(@"//.*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"^CS_KERNEL(?:_BOUNDS)?\((\w+)", RegexOptions.Multiline)]
    private static partial Regex Kernel();

    [GeneratedRegex(@"^CS_EXPORT\((\w+)\)", RegexOptions.Multiline)]
    private static partial Regex Export();
}
