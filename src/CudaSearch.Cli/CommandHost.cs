using System.Text;
using Spectre.Console;

namespace CudaSearch.Cli;

/// <summary>What a command talks to. Results go to <see cref="Output"/>, progress and notes to <see cref="Error"/>.</summary>
public sealed class CommandHost : IDisposable
{
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>A host over these.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="input">Standard input; null when nobody redirected it.</param>
    /// <param name="live">Draws on standard error when that is a terminal; null otherwise.</param>
    public CommandHost(TextWriter output, TextWriter error, TextReader? input = null, IAnsiConsole? live = null)
    {
        Output = output;
        Error = error;
        Input = input;
        Live = live;
    }

    /// <summary>The command line as a shell would take it, for records and reports; empty until one is run.</summary>
    public string CommandText { get; internal set; } = "";

    /// <summary>Standard output: results only.</summary>
    public TextWriter Output { get; }

    /// <summary>Standard error: progress, notes, messages.</summary>
    public TextWriter Error { get; }

    /// <summary>Standard input; null when it is a terminal, which no command reads.</summary>
    public TextReader? Input { get; }

    /// <summary>Draws bars and trees on standard error; null when that is no terminal, and plain lines are wanted.</summary>
    public IAnsiConsole? Live { get; }

    /// <summary>The standard streams of this process, in UTF-8 whatever the locale.</summary>
    public static CommandHost OfProcess()
    {
        var results = new GuardedStream(Console.OpenStandardOutput(), e => throw CudaSearchException.BadInput($"cannot write standard output: {e.Message}", e));
        // A full disk under a log must not end the work that the log tells of.
        var notes = new GuardedStream(Console.OpenStandardError(), _ => { });
        var output = new StreamWriter(results, s_utf8) { AutoFlush = true };
        var error = new StreamWriter(notes, s_utf8) { AutoFlush = true };
        TextReader? input = Console.IsInputRedirected ? new StreamReader(Console.OpenStandardInput(), s_utf8) : null;
        IAnsiConsole? live = Console.IsErrorRedirected ? null : AnsiConsole.Create(new AnsiConsoleSettings { Out = new TerminalOutput(error) });
        return new CommandHost(output, error, input, live);
    }

    /// <summary>Closes the streams.</summary>
    public void Dispose()
    {
        Output.Dispose();
        Error.Dispose();
        Input?.Dispose();
    }

    /// <summary>Standard error as a terminal. Its size is asked of the terminal itself, also when standard output is redirected.</summary>
    private sealed class TerminalOutput(TextWriter writer) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => true;

        public int Width => Size(() => Console.WindowWidth, 80);

        public int Height => Size(() => Console.WindowHeight, 24);

        public void SetEncoding(Encoding encoding)
        {
        }

        private static int Size(Func<int> ask, int otherwise)
        {
            try
            {
                return ask() is > 0 and int size ? size : otherwise;
            }
            catch (Exception e) when (e is IOException or PlatformNotSupportedException)
            {
                return otherwise;
            }
        }
    }
}
