namespace CudaSearch.Cli.Commands;

/// <summary>Reads the text a command works on.</summary>
internal static class TextSource
{
    /// <summary>How long a redirected standard input may stay silent before it counts as empty: some programs start others with a pipe that they never write to.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <summary>The content of a file; <c>-</c> is standard input.</summary>
    /// <exception cref="CudaSearchException">It cannot be read; the message names it and the reason.</exception>
    public static async Task<string> ReadFileAsync(string path, CommandHost host, CancellationToken cancellation)
    {
        if (path == "-") return await ReadAllAsync(host.Input ?? TextReader.Null, cancellation);
        try
        {
            return await File.ReadAllTextAsync(path, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw CudaSearchException.BadInput($"{path}: {Reason(path, e)}", e);
        }
    }

    /// <summary>What a file's name, or else redirected standard input, gives; null where there is neither or nothing in it.</summary>
    public static async Task<string?> ReadAsync(string? path, CommandHost host, CancellationToken cancellation)
    {
        if (path is not null) return await ReadFileAsync(path, host, cancellation);
        if (host.Input is not { } input) return null;
        // Peek waits for the first character only; the thread it blocks ends with the process.
        Task<int> first = Task.Run(input.Peek, cancellation);
        if (await Task.WhenAny(first, Task.Delay(s_patience, cancellation)) != first) return null;
        string text = await ReadAllAsync(input, cancellation);
        return string.IsNullOrWhiteSpace(text) ? null : text;
    }

    private static Task<string> ReadAllAsync(TextReader input, CancellationToken cancellation) =>
        Task.Run(input.ReadToEnd, cancellation).WaitAsync(cancellation);

    private static string Reason(string path, Exception exception) => exception switch
    {
        FileNotFoundException or DirectoryNotFoundException => "there is no such file",
        UnauthorizedAccessException when Directory.Exists(path) => "this is a directory; give a file",
        UnauthorizedAccessException => "it may not be read (permission denied)",
        _ => exception.Message,
    };
}
