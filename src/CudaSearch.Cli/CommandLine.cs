using System.CommandLine;
using System.CommandLine.Parsing;
using CudaSearch.Cli.Commands;
using CudaSearch.Cli.Recipes;

namespace CudaSearch.Cli;

/// <summary>The <c>cudasearch</c> command line as a function: arguments in, exit status out.</summary>
public static class CommandLine
{
    private static readonly Option<bool> s_verbose = new("--verbose") { Description = "show the trace of an internal error", Recursive = true };

    /// <summary>A problem may well begin with '@' or be a minus followed by digits; neither is ours to interpret.</summary>
    internal static ParserConfiguration Configuration { get; } = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    /// <summary>Runs one command. All that goes wrong ends in one message on the host's standard error and a status of <see cref="ExitStatus"/>.</summary>
    public static async Task<int> RunAsync(string[] args, CommandHost host, CancellationToken cancellation = default)
    {
        host.CommandText = string.Join(' ', args.Prepend("cudasearch").Select(Quoted));
        RootCommand root = CreateRoot(host);
        ParseResult parsed;
        try
        {
            parsed = root.Parse(ExpandRecipe(root, args, host), Configuration);
        }
        catch (Exception e) when (e is UsageException or CudaSearchException)
        {
            return Refuse(e, host, root.Parse(EvalCommand.Name, Configuration), cancellation);
        }
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
        catch (Exception e)
        {
            return Refuse(e, host, parsed, cancellation);
        }
    }

    /// <summary>An argument as a POSIX shell wants it.</summary>
    private static string Quoted(string argument) =>
        argument.Length > 0 && argument.All(c => char.IsAsciiLetterOrDigit(c) || "-_./=:,+@%".Contains(c)) ? argument : $"'{argument.Replace("'", "'\\''")}'";

    /// <summary>Spells out the recipe that <c>eval</c> may be given; other commands' arguments stay as they are.</summary>
    private static string[] ExpandRecipe(RootCommand root, string[] args, CommandHost host)
    {
        int name = Array.FindIndex(args, arg => !arg.StartsWith('-'));
        if (name < 0 || args[name] != EvalCommand.Name) return args;
        Command command = root.Subcommands.First(command => command.Name == EvalCommand.Name);
        return [.. args[..(name + 1)], .. RecipeArguments.Expand(command, args[(name + 1)..], host.Error.WriteLine)];
    }

    private static int Refuse(Exception exception, CommandHost host, ParseResult parsed, CancellationToken cancellation)
    {
        if (exception is not UsageException) return Report(exception, host, parsed.GetValue(s_verbose), cancellation);
        Say(host, exception.Message);
        return Hint(host, parsed);
    }

    private static RootCommand CreateRoot(CommandHost host) =>
        new("Searches for the solution of a math problem with a small language model, judged step by step by a process reward model.")
        {
            SolveCommand.Create(host),
            EvalCommand.Create(host),
            MergeCommand.Create(host),
            TreeCommand.Create(host),
            KvCommand.Create(host),
            SubsampleCommand.Create(host),
            ScoreCommand.Create(host),
            EvalPrmCommand.Create(host),
            GradeCommand.Create(host),
            GenerateCommand.Create(host),
            LogitsCommand.Create(host),
            TokenizeCommand.Create(host),
            TinyMathCommand.Create(host),
            ComputeOptimalCommand.Create(host),
            ReportCommand.Create(host),
            ExportCommand.Create(host),
            BenchCommand.Create(host),
            ProfileCommand.Create(host),
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

    /// <summary>One message; where it lists several faults, each has a line of its own, indented.</summary>
    private static void Say(CommandHost host, string message) => host.Error.WriteLine($"cudasearch: {message.ReplaceLineEndings("\n  ")}");
}
