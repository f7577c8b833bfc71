using System.Runtime.InteropServices;

namespace CudaSearch.Checkpoints;

/// <summary>What the system is told about memory. Advice: where a system knows none, nothing happens.</summary>
internal static partial class MemoryAdvice
{
    private const int DontNeed = 4;
    private const int HugePage = 14;
    private const string HugePageSetting = "/sys/kernel/mm/transparent_hugepage/enabled";

    /// <summary>Bytes of a large page.</summary>
    public const nuint HugePageBytes = 2 << 20;

    /// <summary>Whether memory can be had in large pages. They spare the processor most of its address translations: a stream of weights is read a quarter faster.</summary>
    public static bool HasHugePages { get; } = FindHugePages();

    /// <summary>Lets the system take clean pages of a map back; they are read from the file again when they are needed.</summary>
    public static void Forget(nint address, long length)
    {
        if (!OperatingSystem.IsLinux()) return;
        // Whole pages only.
        nint page = Environment.SystemPageSize, begin = (address + page - 1) / page * page, end = (address + (nint)length) / page * page;
        if (end > begin) _ = Advise(begin, (nuint)(end - begin), DontNeed);
    }

    /// <summary>Asks for large pages; for memory that nobody has written yet.</summary>
    public static void WantHugePages(nint address, nuint length)
    {
        if (HasHugePages) _ = Advise(address, length, HugePage);
    }

    private static bool FindHugePages()
    {
        try
        {
            return OperatingSystem.IsLinux() && File.Exists(HugePageSetting) && !File.ReadAllText(HugePageSetting).Contains("[never]", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
