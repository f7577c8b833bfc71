using System.CommandLine;
using System.CommandLine.Parsing;
using CudaSearch.Cli.Commands;

namespace CudaSearch.Cli;

/// <summary>The <c>cudasearch</c> command line as a function: arguments in, exit status out.</summary>
public static class CommandLine
{
    private static readonly Option<bool> s_verbose = new("--verbose") { Description = "show the trace of an internal error", Recursive = true };

    /// <summary>Runs one command. All that goes wrong ends in one message on the host's standard error and a status of <see cref="ExitStatus"/>.</summary>
    public static async Task<int> RunAsync(string[] args, CommandHost host, CancellationToken cancellation = default)
    {
        // A problem may well begin with '@' or be a minus followed by digits; neither is ours to interpret.
        ParseResult parsed = CreateRoot(host).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        List<string> faults = [.. FaultsOf(parsed).Distinct()];
        if (faults.Count > 0)
        {
            foreach (string fault in faults) Say(host, fault);
            return Hint(host, parsed);
        }
        var invocation = new InvocationConfiguration
        {
            Output = host.Output, Error = host.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null,
        };
        try
        {
            int status = await parsed.InvokeAsync(invocation, cancellation);
            await host.Output.FlushAsync(CancellationToken.None);
            return status;
        }
        catch (UsageException e)
        {
            Say(host, e.Message);
            return Hint(host, parsed);
        }
        catch (Exception e)
        {
            return Report(e, host, parsed.GetValue(s_verbose), cancellation);
        }
    }

    private static RootCommand CreateRoot(CommandHost host) =>
        new("Searches for the solution of a math problem with a small language model, judged step by step by a process reward model.")
        {
            SolveCommand.Create(host),
            EvalCommand.Create(host),
            ScoreCommand.Create(host),
            GenerateCommand.Create(host),
            LogitsCommand.Create(host),
            TokenizeCommand.Create(host),
            TinyMathCommand.Create(host),
            ComputeOptimalCommand.Create(host),
            BenchCommand.Create(host),
            DoctorCommand.Create(host),
            s_verbose,
        };

    private static IEnumerable<string> FaultsOf(ParseResult parsed)
    {
        if (parsed.CommandResult.Command is not RootCommand root || parsed.Errors.Count == 0)
            return parsed.Errors.Select(error => error.Message).Concat(UnknownOptions(parsed));
        string commands = string.Join(", ", root.Subcommands.Select(command => command.Name));
        return parsed.UnmatchedTokens.Count > 0 ? [$"there is no command {parsed.UnmatchedTokens[0]}; use one of {commands}"] : [$"give a command: {commands}"];
    }

    /// <summary>What looks like an option but was taken for a text, because a text may be anything. A text with a space in it ("-x + 3 = 5") is none.</summary>
    private static IEnumerable<string> UnknownOptions(ParseResult parsed) =>
        parsed.Tokens.Any(token => token.Type == TokenType.DoubleDash)
            ? []
            : parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens)
                .Where(token => token.Value.Length > 1 && token.Value[0] == '-' && (token.Value[1] == '-' || char.IsAsciiLetter(token.Value[1])) && !token.Value.Contains(' '))
                .Select(token => $"there is no option {token.Value} (a text that begins with a dash goes behind --)");

    private static int Hint(CommandHost host, ParseResult parsed)
    {
        string command = parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ";
        host.Error.WriteLine($"try: cudasearch {command}--help");
        return ExitStatus.Usage;
    }

    private static int Report(Exception exception, CommandHost host, bool verbose, CancellationToken cancellation)
    {
        switch (exception)
        {
            case OperationCanceledException when cancellation.IsCancellationRequested:
                Say(host, "cancelled");
                return ExitStatus.Cancelled;
            case CudaSearchException e:
                Say(host, e.Message);
                return ExitStatus.Of(e.Failure);
            case IOException or UnauthorizedAccessException:
                Say(host, exception.Message);
                return ExitStatus.BadInput;
            case OutOfMemoryException:
                Say(host, "the machine has not enough memory for this; lower --memory, or use a smaller model");
                return ExitStatus.OutOfMemory;
            default:
                Say(host, $"internal error: {exception.GetType().Name}: {exception.Message}{(verbose ? "" : " (--verbose shows where; please report it)")}");
                if (verbose) host.Error.WriteLine(exception);
                return ExitStatus.Internal;
        }
    }

    private static void Say(CommandHost host, string message) => host.Error.WriteLine($"cudasearch: {message.ReplaceLineEndings(" ")}");
}
