namespace CudaSearch.Cli;

/// <summary>The command line is wrong in a way that only shows when options are looked at together.</summary>
internal sealed class UsageException(string message) : Exception(message)
{
    /// <summary>Runs a check of option values; what it refuses is a fault of the command line, not of a file.</summary>
    public static void Check(Action validate)
    {
        try
        {
            validate();
        }
        catch (CudaSearchException e) when (e.Failure == Failure.BadInput)
        {
            throw new UsageException(e.Message);
        }
    }
}
