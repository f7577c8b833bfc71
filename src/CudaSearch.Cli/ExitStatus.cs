namespace CudaSearch.Cli;

/// <summary>What the process tells its caller.</summary>
public static class ExitStatus
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>The command line itself is wrong: an unknown option, or a value out of range.</summary>
    public const int Usage = 1;

    /// <summary>A file or a model is wrong.</summary>
    public const int BadInput = 2;

    /// <summary>The device that was asked for cannot be used.</summary>
    public const int DeviceUnavailable = 3;

    /// <summary>Not enough memory.</summary>
    public const int OutOfMemory = 4;

    /// <summary>A fault of the program itself.</summary>
    public const int Internal = 70;

    /// <summary>Ended by Ctrl+C.</summary>
    public const int Cancelled = 130;

    /// <summary>The status of a failure.</summary>
    public static int Of(Failure failure) => failure switch
    {
        Failure.DeviceUnavailable => DeviceUnavailable,
        Failure.OutOfMemory => OutOfMemory,
        _ => BadInput,
    };
}
