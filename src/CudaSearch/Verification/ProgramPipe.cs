using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Threading.Channels;

namespace CudaSearch.Verification;

/// <summary>
/// Questions to a program and its answers, one line each, in order. Writing, reading and standard error have a task each, so none of the three pipes can fill
/// up while another is waited for.
/// </summary>
internal sealed class ProgramPipe : IDisposable
{
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(1);
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly string _command;
    private readonly TimeSpan _timeLimit;
    private readonly Process _process;
    private readonly LastLines _errors = new();
    private readonly Task _errorsRead;
    private readonly Channel<Question> _questions = Channel.CreateUnbounded<Question>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Channel<Question> _awaited = Channel.CreateUnbounded<Question>(new UnboundedChannelOptions { SingleReader = true });
    private readonly object _gate = new();
    private CudaSearchException? _failure;

    public ProgramPipe(string command, TimeSpan timeLimit)
    {
        (_command, _timeLimit) = (command, timeLimit);
        _process = Start(command);
        _errorsRead = Task.Run(() => _errors.ReadAllAsync(_process.StandardError));
        _ = Task.Run(WriteAllAsync);
        _ = Task.Run(ReadAllAsync);
    }

    /// <summary>The scores of these steps.</summary>
    /// <exception cref="CudaSearchException">The program has failed, now or before.</exception>
    public Task<double[]> AskAsync(string problem, string[] steps)
    {
        var question = new Question(ProgramProtocol.Question(problem, steps), steps.Length);
        lock (_gate)
        {
            if (_failure is not null) return Task.FromException<double[]>(_failure);
            // Both in one order: answers come in the order of the questions.
            _awaited.Writer.TryWrite(question);
            _questions.Writer.TryWrite(question);
        }
        return question.Answer.Task;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _failure ??= CudaSearchException.BadInput($"the program verifier \"{_command}\" was asked after it had been closed");
            _questions.Writer.TryComplete();
            _awaited.Writer.TryComplete();
        }
        // The writer closes the program's input once it is through.
        if (!_process.WaitForExit(s_farewell)) Kill();
        _process.Dispose();
    }

    private static Process Start(string command)
    {
        ProcessStartInfo start = OperatingSystem.IsWindows() ? new("cmd.exe") { Arguments = $"/d /s /c \"{command}\"" } : new("/bin/sh", ["-c", command]);
        start.UseShellExecute = false;
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.StandardInputEncoding = start.StandardOutputEncoding = start.StandardErrorEncoding = s_utf8;
        try
        {
            return Process.Start(start)!;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or IOException)
        {
            throw CudaSearchException.BadInput($"the program verifier \"{command}\" cannot be started: {e.Message}", e);
        }
    }

    private async Task WriteAllAsync()
    {
        try
        {
            StreamWriter input = _process.StandardInput;
            await foreach (Question question in _questions.Reader.ReadAllAsync().ConfigureAwait(false))
            {
                await input.WriteAsync(question.Line).ConfigureAwait(false);
                await input.FlushAsync().ConfigureAwait(false);
            }
            input.Close();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The program closed its input; the end of its output, or the time limit, will say why.
        }
    }

    private async Task ReadAllAsync()
    {
        Question? current = null;
        string failure;
        try
        {
            long answered = 0;
            while (true)
            {
                if (!await _awaited.Reader.WaitToReadAsync().ConfigureAwait(false)) return;
                if (!_awaited.Reader.TryRead(out current)) continue;
                TimeSpan left = _timeLimit - Stopwatch.GetElapsedTime(Math.Max(current.Asked, answered));
                string? line = await _process.StandardOutput.ReadLineAsync().WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero).ConfigureAwait(false);
                answered = Stopwatch.GetTimestamp();
                if (line is null)
                {
                    failure = Ending();
                    break;
                }
                if (ProgramProtocol.TryAnswer(line, current.Steps, out double[] scores) is { } fault)
                {
                    failure = $"answered with {fault}: {Shorten(line)}";
                    break;
                }
                current.Answer.TrySetResult(scores);
            }
        }
        catch (TimeoutException)
        {
            failure = $"gave no answer within {_timeLimit.TotalSeconds:0.###} s; allow it more time, or let it flush its output after every line";
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            failure = $"cannot be read: {e.Message}";
        }
        await FailAsync(current, failure).ConfigureAwait(false);
    }

    /// <summary>What became of a program that has nothing more to say.</summary>
    private string Ending() =>
        _process.WaitForExit(s_farewell) ? $"ended with status {_process.ExitCode} before it had answered" : "closed its output before it had answered";

    /// <summary>Fails the question at hand, all that wait and all that come.</summary>
    private async Task FailAsync(Question? current, string what)
    {
        Kill();
        // What it said last is on its way when it has just ended; a child of its own may hold the pipe open.
        await Task.WhenAny(_errorsRead, Task.Delay(s_farewell)).ConfigureAwait(false);
        string said = _errors.ToString();
        CudaSearchException failure = CudaSearchException.BadInput(
            $"the program verifier \"{_command}\" {what}{(said.Length == 0 ? "" : $"; it said: {said}")}");
        lock (_gate)
        {
            _failure ??= failure;
            _questions.Writer.TryComplete();
            _awaited.Writer.TryComplete();
        }
        current?.Answer.TrySetException(failure);
        while (_awaited.Reader.TryRead(out Question? waiting)) waiting.Answer.TrySetException(failure);
    }

    private void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has ended by itself.
        }
    }

    private static string Shorten(string line) => line.Length <= 200 ? line : string.Concat(line.AsSpan(0, 200), "…");

    private sealed class Question(string line, int steps)
    {
        public string Line => line;

        public int Steps => steps;

        public long Asked { get; } = Stopwatch.GetTimestamp();

        public TaskCompletionSource<double[]> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>The end of what a program says on standard error.</summary>
    private sealed class LastLines
    {
        private const int Kept = 5;

        private readonly Queue<string> _lines = new();

        public async Task ReadAllAsync(StreamReader reader)
        {
            try
            {
                while (await reader.ReadLineAsync().ConfigureAwait(false) is { } line)
                {
                    if (string.IsNullOrWhiteSpace(line)) continue;
                    lock (_lines)
                    {
                        _lines.Enqueue(Shorten(line.Trim()));
                        if (_lines.Count > Kept) _lines.Dequeue();
                    }
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                // The process is gone.
            }
        }

        public override string ToString()
        {
            lock (_lines) return string.Join(" / ", _lines);
        }
    }
}
