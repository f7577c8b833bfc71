using System.Globalization;
using System.Text.RegularExpressions;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.HostDevice;

/// <summary>
/// One of the kernels in <c>tests/hostcuda/planted</c>: <c>name</c> has a bug and <c>name_correct</c> has not. All take the same arguments
/// and run as one block. Lines that a report should name end in a comment <c>BUG name</c>. Those of <c>dependents</c> are launched early, behind
/// a kernel that writes their input.
/// </summary>
internal sealed partial class PlantedKernel(DeviceFixture device, string file, string name)
{
    // As the comment on top of each file says.
    private int Threads => file switch { "barriers" => 256, "hopper" => 128, _ => 64 };

    // Four elements a thread where every thread copies 16 bytes.
    private int Inputs => file == "copies" ? 4 * Threads : Threads;

    /// <summary>Dynamic shared memory of a launch, in bytes: what each kernel that has any needs.</summary>
    private int DynamicShared =>
        file == "hopper" ? 2 * 64 * 64 * sizeof(ushort) : name.Contains("dynamic", StringComparison.Ordinal) ? 64 * sizeof(int) : 0;

    /// <summary>Runs the kernel and returns its output, an <see cref="int"/> a thread.</summary>
    /// <param name="flavour"><c>plain</c>, <c>checker</c> or <c>asan</c>.</param>
    /// <param name="correct">The twin without the bug.</param>
    /// <param name="input">Where the kernel is told that its input lies; device memory with 1, 2, 3 … by default.</param>
    /// <param name="threads">Threads of the block, when not the usual number.</param>
    public byte[] Run(string flavour, bool correct = false, DevicePointer? input = null, int? threads = null)
    {
        bool dependent = file == "dependents";
        CudaStream stream = dependent ? device.Stream : device.PlainStream;
        string path = Path.Combine(TestDevice.HostFolder, "planted", flavour, file + ".so");
        using CudaModule module = CudaModule.Load(File.ReadAllBytes(path), file);
        CudaKernel<Arguments> kernel = module.GetKernel<Arguments>(correct ? name + "_correct" : name);
        using CudaDeviceVariable<int> numbers = device.Upload<int>([.. Enumerable.Range(1, Inputs)]);
        using CudaDeviceVariable<byte> output = device.Poisoned<byte>(Threads * sizeof(int));
        var arguments = new Arguments { Output = output.Pointer, Input = input ?? numbers.Pointer, Count = Threads };
        if (dependent)
        {
            var predecessor = new Arguments { Output = numbers.Pointer, Count = Threads };
            module.GetKernel<Arguments>("write_numbers").Launch(stream, new Dim3(1), new Dim3(Threads), predecessor);
        }
        kernel.Launch(stream, new Dim3(1), new Dim3(threads ?? Threads), arguments, DynamicShared);
        stream.Synchronize();
        return device.Download(output);
    }

    /// <summary>Runs the kernel, which must fail, under one schedule.</summary>
    /// <returns>What the failure says, checked to name this kernel, a thread of it, and a line with the bug.</returns>
    public string Report(string flavour, ulong seed = 0, DevicePointer? input = null)
    {
        string message = device.Fault(() => Schedules.With(seed, () => Run(flavour, input: input))).Message;
        Match place = Place().Match(message);
        Assert.True(place.Success, $"no kernel, block, thread and line in: {message}");
        Assert.Equal(name, place.Groups["kernel"].Value);
        Assert.InRange(int.Parse(place.Groups["thread"].Value, CultureInfo.InvariantCulture), 0, Threads - 1);
        Assert.EndsWith($"planted/{file}.cu", place.Groups["file"].Value, StringComparison.Ordinal);
        Assert.Contains(int.Parse(place.Groups["line"].Value, CultureInfo.InvariantCulture), BugLines());
        return message;
    }

    /// <summary>The twin without the bug runs through and writes every element, the same under every schedule.</summary>
    public void RequireCorrectTwin(string flavour)
    {
        byte[] output = Schedules.Run(() => Run(flavour, correct: true));
        Assert.DoesNotContain(-1, System.Runtime.InteropServices.MemoryMarshal.Cast<byte, int>(output).ToArray());
    }

    /// <summary>Lines of the source that are marked as the bug.</summary>
    public int[] BugLines()
    {
        string[] lines = File.ReadAllLines(Path.Combine(SourceFolder(), file + ".cu"));
        int[] marked = [.. Enumerable.Range(1, lines.Length).Where(i => lines[i - 1].EndsWith($"// BUG {name}", StringComparison.Ordinal))];
        Assert.NotEmpty(marked);
        return marked;
    }

    private static string SourceFolder() => Checkout.Folder("tests", "hostcuda", "planted");

    [GeneratedRegex(@"kernel (?<kernel>\w+), block \(0,0,0\), thread \((?<thread>\d+),0,0\), at (?<file>[^ ;]+):(?<line>\d+)")]
    private static partial Regex Place();

    /// <summary>Parameters of every planted kernel.</summary>
    internal struct Arguments
    {
        /// <summary>An <see cref="int"/> a thread.</summary>
        public DevicePointer Output;

        /// <summary>Integers to read.</summary>
        public DevicePointer Input;

        /// <summary>Elements of the output.</summary>
        public int Count;
    }
}
