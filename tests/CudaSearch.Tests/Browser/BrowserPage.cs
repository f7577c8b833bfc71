using System.Text.Json;
using System.Text.Json.Nodes;

namespace CudaSearch.Tests.Browser;

/// <summary>A page that a test looks at. Whatever the page complains of is kept; <see cref="AssertQuiet"/> wants none of it.</summary>
public sealed class BrowserPage : IAsyncDisposable
{
    private readonly DevTools _browser;
    private readonly List<string> _complaints = [];
    private readonly List<string> _requests = [];
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _target = "", _session = "";

    private BrowserPage(DevTools browser) => _browser = browser;

    /// <summary>Errors and warnings of its console, and exceptions that nobody caught.</summary>
    public IReadOnlyList<string> Complaints => Copy(_complaints);

    /// <summary>The addresses it asked for, its own first.</summary>
    public IReadOnlyList<string> Requests => Copy(_requests);

    internal static async Task<BrowserPage> OpenAsync(DevTools browser, Uri address, int width, bool dark)
    {
        var page = new BrowserPage(browser);
        browser.Received += page.Take;
        page._target = (await browser.SendAsync("Target.createTarget", new() { ["url"] = "about:blank" })).GetProperty("targetId").GetString()!;
        page._session = (await browser.SendAsync("Target.attachToTarget", new() { ["targetId"] = page._target, ["flatten"] = true })).GetProperty("sessionId").GetString()!;
        foreach (string domain in (string[])["Page", "Runtime", "Log", "Network"]) await page.SendAsync($"{domain}.enable");
        await page.ResizeAsync(width);
        await page.PreferAsync(dark);
        await page.SendAsync("Page.navigate", new() { ["url"] = address.AbsoluteUri });
        await page._loaded.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        return page;
    }

    /// <summary>The value of a JavaScript expression; promises are awaited.</summary>
    public async Task<T> EvaluateAsync<T>(string expression)
    {
        JsonElement answer = await SendAsync("Runtime.evaluate", new() { ["expression"] = expression, ["returnByValue"] = true, ["awaitPromise"] = true });
        if (answer.TryGetProperty("exceptionDetails", out JsonElement fault)) throw new InvalidOperationException($"{expression}: {fault}");
        return answer.GetProperty("result").TryGetProperty("value", out JsonElement value) ? value.Deserialize<T>()! : default!;
    }

    /// <summary>Clicks the middle of the first element that the selector finds, as a hand would: what lies over it gets the click.</summary>
    public async Task ClickAsync(string selector)
    {
        (double x, double y) = await FindAsync(selector);
        foreach (string kind in (string[])["mouseMoved", "mousePressed", "mouseReleased"]) await MouseAsync(kind, x, y, clicks: kind == "mouseMoved" ? 0 : 1);
    }

    /// <summary>Moves the pointer over an element.</summary>
    public async Task HoverAsync(string selector)
    {
        (double x, double y) = await FindAsync(selector);
        await MouseAsync("mouseMoved", x, y, clicks: 0);
    }

    /// <summary>Presses a key, such as <c>ArrowRight</c>, <c>Tab</c> or <c>a</c>.</summary>
    public async Task PressAsync(string key)
    {
        var parameters = new JsonObject { ["type"] = "keyDown", ["key"] = key, ["code"] = key };
        if (key.Length == 1) parameters["text"] = key;
        else parameters["windowsVirtualKeyCode"] = KeyCode(key);
        await SendAsync("Input.dispatchKeyEvent", parameters);
        await SendAsync("Input.dispatchKeyEvent", new() { ["type"] = "keyUp", ["key"] = key, ["code"] = key });
    }

    /// <summary>Types a text into what has the focus.</summary>
    public Task TypeAsync(string text) => SendAsync("Input.insertText", new() { ["text"] = text });

    /// <summary>Changes the width of the window.</summary>
    public Task ResizeAsync(int width, int height = 900) => SendAsync(
        "Emulation.setDeviceMetricsOverride", new() { ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = 1, ["mobile"] = false });

    /// <summary>Prefers dark pages or light ones, or shows the page as a printer would.</summary>
    public Task PreferAsync(bool dark, bool print = false) => SendAsync("Emulation.setEmulatedMedia", new()
    {
        ["media"] = print ? "print" : "",
        ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = dark ? "dark" : "light" }),
    });

    /// <summary>Saves a picture under <c>screenshots</c> beside the tests.</summary>
    /// <param name="name">Its name, without an ending.</param>
    /// <param name="whole">The whole page, not only what the window shows.</param>
    /// <returns>The file, a PNG.</returns>
    public async Task<string> ScreenshotAsync(string name, bool whole = true)
    {
        JsonElement picture = await SendAsync("Page.captureScreenshot", new() { ["captureBeyondViewport"] = whole, ["clip"] = whole ? await WholeAsync() : null });
        string folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "screenshots")).FullName;
        string file = Path.Combine(folder, name + ".png");
        await File.WriteAllBytesAsync(file, picture.GetProperty("data").GetBytesFromBase64(), TestContext.Current.CancellationToken);
        return file;
    }

    /// <summary>Asserts that the page complained of nothing, asked the network for nothing, and is no wider than its window.</summary>
    public async Task AssertQuiet()
    {
        Assert.Empty(Complaints);
        Assert.All(Requests, address => Assert.True(address.StartsWith("file:", StringComparison.Ordinal) || address.StartsWith("data:", StringComparison.Ordinal), address));
        Assert.Equal(0, await EvaluateAsync<int>("Math.max(0, document.documentElement.scrollWidth - innerWidth)"));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _browser.Received -= Take;
        await _browser.SendAsync("Target.closeTarget", new() { ["targetId"] = _target });
    }

    private static int KeyCode(string key) => key switch
    {
        "Tab" => 9, "Enter" => 13, "Escape" => 27, "PageUp" => 33, "PageDown" => 34, "End" => 35, "Home" => 36,
        "ArrowLeft" => 37, "ArrowUp" => 38, "ArrowRight" => 39, "ArrowDown" => 40,
        _ => throw new ArgumentOutOfRangeException(nameof(key), key, "not known here"),
    };

    private static List<string> Copy(List<string> list)
    {
        lock (list) return [.. list];
    }

    private Task<JsonElement> SendAsync(string method, JsonObject? parameters = null) => _browser.SendAsync(method, parameters, _session);

    private Task<JsonElement> MouseAsync(string kind, double x, double y, int clicks) => SendAsync(
        "Input.dispatchMouseEvent", new() { ["type"] = kind, ["x"] = x, ["y"] = y, ["button"] = clicks > 0 ? "left" : "none", ["clickCount"] = clicks });

    private async Task<(double X, double Y)> FindAsync(string selector)
    {
        double[]? at = await EvaluateAsync<double[]?>($$"""
            (async () => {
              const element = document.querySelector({{JsonSerializer.Serialize(selector)}});
              if (!element) return null;
              element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
              // The scroll's own event comes with the next frame, and may hide what shows on hovering.
              await new Promise(done => { requestAnimationFrame(() => requestAnimationFrame(done)); setTimeout(done, 500); });
              const box = element.getBoundingClientRect();
              return [box.x + box.width / 2, box.y + box.height / 2];
            })()
            """);
        Assert.True(at is not null, $"the page has no {selector}");
        return (at![0], at[1]);
    }

    private async Task<JsonObject> WholeAsync()
    {
        double[] size = await EvaluateAsync<double[]>("[innerWidth, document.documentElement.scrollHeight]");
        return new JsonObject { ["x"] = 0, ["y"] = 0, ["width"] = size[0], ["height"] = size[1], ["scale"] = 1 };
    }

    private void Take(string session, string name, JsonElement parameters)
    {
        if (session != _session) return;
        switch (name)
        {
            case "Page.loadEventFired":
                _loaded.TrySetResult();
                break;
            case "Network.requestWillBeSent":
                Keep(_requests, parameters.GetProperty("request").GetProperty("url").GetString()!);
                break;
            case "Runtime.exceptionThrown":
                Keep(_complaints, parameters.GetProperty("exceptionDetails").ToString());
                break;
            case "Runtime.consoleAPICalled" when parameters.GetProperty("type").GetString() is "error" or "warning" or "assert":
                Keep(_complaints, parameters.GetProperty("args").ToString());
                break;
            case "Log.entryAdded" when parameters.GetProperty("entry").GetProperty("level").GetString() is "error" or "warning":
                Keep(_complaints, parameters.GetProperty("entry").GetProperty("text").GetString()!);
                break;
        }
    }

    private static void Keep(List<string> list, string text)
    {
        lock (list) list.Add(text);
    }
}
