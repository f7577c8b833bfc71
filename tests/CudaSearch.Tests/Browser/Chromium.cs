using System.Diagnostics;

[assembly: AssemblyFixture(typeof(CudaSearch.Tests.Browser.Chromium))]

namespace CudaSearch.Tests.Browser;

/// <summary>
/// A headless Chromium that all tests of pages share, started by the first of them. A test class takes it as a constructor's parameter. Where there is no
/// Chromium, its tests skip, saying so; <c>.ci/run</c> installs it and fails if that did not work.
/// </summary>
public sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] s_names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
    private static readonly string[] s_flags =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--hide-scrollbars", "--remote-debugging-port=0", "--disable-dev-shm-usage",
    ];

    private readonly SemaphoreSlim _starting = new(1);
    private readonly string _profile = Path.Combine(Path.GetTempPath(), $"cudasearch-chromium-{Guid.NewGuid():n}");
    private Process? _process;
    private DevTools? _browser;

    /// <summary>Opens a file in a page of this width.</summary>
    /// <param name="path">An HTML file.</param>
    /// <param name="width">Pixels.</param>
    /// <param name="dark">Whether the reader prefers dark pages.</param>
    public async Task<BrowserPage> OpenAsync(string path, int width = 1280, bool dark = false) =>
        await BrowserPage.OpenAsync(await BrowserAsync(), new Uri(Path.GetFullPath(path)), width, dark);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.SendAsync("Browser.close").WaitAsync(TimeSpan.FromSeconds(10)).ContinueWith(_ => { }, TaskScheduler.Default);
            await _browser.DisposeAsync();
        }
        if (_process is { } process)
        {
            if (!process.WaitForExit(TimeSpan.FromSeconds(10))) process.Kill(entireProcessTree: true);
            process.Dispose();
        }
        _starting.Dispose();
        if (Directory.Exists(_profile)) Directory.Delete(_profile, recursive: true);
    }

    private static string? Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => s_names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);

    private async Task<DevTools> BrowserAsync()
    {
        string? program = Find();
        Assert.SkipWhen(program is null, "no Chromium is installed (apt-get install chromium)");
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return _browser ??= await StartAsync(program!);
        }
        finally
        {
            _starting.Release();
        }
    }

    private async Task<DevTools> StartAsync(string program)
    {
        var start = new ProcessStartInfo(program, [.. s_flags, $"--user-data-dir={_profile}", "about:blank"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        _process = Process.Start(start)!;
        // What it says is of no interest, but its pipe must not fill.
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        // It writes the port it chose, and the path of its socket, into its profile.
        string file = Path.Combine(_profile, "DevToolsActivePort");
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromMinutes(2); await Task.Delay(50))
        {
            if (_process.HasExited) throw new InvalidOperationException($"{program} ended with status {_process.ExitCode}");
            if (File.Exists(file) && await File.ReadAllLinesAsync(file) is [var port, var path, ..]) return await DevTools.ConnectAsync(new Uri($"ws://127.0.0.1:{port}{path}"));
        }
        throw new TimeoutException($"{program} did not open its DevTools port within two minutes");
    }
}
