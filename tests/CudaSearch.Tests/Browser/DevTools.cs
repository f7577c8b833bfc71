using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CudaSearch.Tests.Browser;

/// <summary>The DevTools protocol over one WebSocket: commands with their answers, and events, of all pages (sessions) of a browser.</summary>
internal sealed class DevTools : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> _pending = new();
    private readonly CancellationTokenSource _closing = new();
    private Task _receiving = Task.CompletedTask;
    private int _lastId;

    /// <summary>An event: the session it is of (empty for the browser's own), its name, its parameters.</summary>
    public event Action<string, string, JsonElement>? Received;

    public static async Task<DevTools> ConnectAsync(Uri address)
    {
        var tools = new DevTools();
        await tools._socket.ConnectAsync(address, CancellationToken.None);
        tools._receiving = tools.ReceiveAsync();
        return tools;
    }

    /// <summary>Sends a command and waits for its result.</summary>
    /// <exception cref="InvalidOperationException">The browser refused it.</exception>
    public async Task<JsonElement> SendAsync(string method, JsonObject? parameters = null, string session = "")
    {
        int id = Interlocked.Increment(ref _lastId);
        var message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters ?? [] };
        if (session.Length > 0) message["sessionId"] = session;
        var answer = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        _pending[id] = answer;
        await _sending.WaitAsync();
        try
        {
            await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, endOfMessage: true, _closing.Token);
        }
        finally
        {
            _sending.Release();
        }
        JsonElement result = await answer.Task.WaitAsync(TimeSpan.FromMinutes(2));
        return result.TryGetProperty("error", out JsonElement error) ? throw new InvalidOperationException($"{method}: {error}") : result.GetProperty("result");
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await ((Task)_receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        _sending.Dispose();
        _closing.Dispose();
    }

    private async Task ReceiveAsync()
    {
        byte[] buffer = new byte[1 << 16];
        using MemoryStream message = new();
        try
        {
            while (true)
            {
                ValueWebSocketReceiveResult part = await _socket.ReceiveAsync(buffer.AsMemory(), _closing.Token);
                if (part.MessageType == WebSocketMessageType.Close) break;
                message.Write(buffer, 0, part.Count);
                if (!part.EndOfMessage) continue;
                using (JsonDocument document = JsonDocument.Parse(message.GetBuffer().AsMemory(0, (int)message.Length))) Take(document.RootElement.Clone());
                message.SetLength(0);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The browser has gone, or is no longer wanted.
        }
        foreach (TaskCompletionSource<JsonElement> answer in _pending.Values) answer.TrySetException(new InvalidOperationException("the browser has gone"));
    }

    private void Take(JsonElement message)
    {
        if (message.TryGetProperty("id", out JsonElement id))
        {
            if (_pending.TryRemove(id.GetInt32(), out TaskCompletionSource<JsonElement>? answer)) answer.SetResult(message);
            return;
        }
        string session = message.TryGetProperty("sessionId", out JsonElement of) ? of.GetString()! : "";
        Received?.Invoke(session, message.GetProperty("method").GetString()!, message.GetProperty("params"));
    }
}
