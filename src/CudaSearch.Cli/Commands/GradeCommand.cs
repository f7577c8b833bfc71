using System.CommandLine;
using System.Text.Json;
using CudaSearch.Answers;
using CudaSearch.Cli.Options;

namespace CudaSearch.Cli.Commands;

/// <summary>
/// <c>grade</c>: extracts and compares answers, a JSON line out for every JSON line in and in step with it, so that another program can keep
/// it running and ask one question at a time.
/// </summary>
internal static class GradeCommand
{
    private const string SearchAndLearn = "search-and-learn";

    public static Command Create(CommandHost host)
    {
        var file = new Option<string?>("--file", "-f") { Description = "JSON lines with text, or with gold and pred; - or none reads what is piped in" };
        Option<string?> compat = Values.OptionalChoice("--compat", $"compare canonical forms as its votes do, without algebra: {SearchAndLearn}", [SearchAndLearn]);
        Option<int?> decimals = Values.OptionalInteger("--decimals", "digits after the point to which numbers need to agree (otherwise all)", 0);
        var rename = new Option<bool>("--rename-variables") { Description = "take f(y) for f(x)" };
        var command = new Command("grade", """Answers JSON lines: {"text"} with {"extracted", "canonical"}, {"gold", "pred"} with {"equal", "how"}.""")
        {
            file, compat, decimals, rename,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            bool canonical = parsed.GetValue(compat) is not null;
            var options = new EquivalenceOptions { Decimals = parsed.GetValue(decimals), RenamesVariables = parsed.GetValue(rename) };
            if (canonical && options != EquivalenceOptions.Default) throw new UsageException("--compat compares texts; it goes with neither --decimals nor --rename-variables");
            string? path = parsed.GetValue(file);
            bool piped = path is null or "-";
            if (piped && host.Input is null) throw new UsageException("give JSON lines with --file or on standard input");
            using TextReader? opened = piped ? null : new StringReader(await TextSource.ReadFileAsync(path!, host, cancellation));
            await AnswerAllAsync(opened ?? host.Input!, piped ? "standard input" : path!, new Grader(canonical, options), host, cancellation);
            return ExitStatus.Done;
        });
        return command;
    }

    private static async Task AnswerAllAsync(TextReader input, string source, Grader grader, CommandHost host, CancellationToken cancellation)
    {
        for (int number = 1; await NextLineAsync(input, cancellation) is { } line; number++)
        {
            if (number == 1) line = line.TrimStart('\uFEFF');
            if (string.IsNullOrWhiteSpace(line)) continue;
            GradeRow row = GradeRow.Read(line, $"{source}, line {number}");
            JsonOutput.Write(host.Output, writer => grader.Write(writer, row), indented: false);
        }
    }

    /// <summary>The next line; a pipe that stays silent does not keep Ctrl+C from ending the wait.</summary>
    private static Task<string?> NextLineAsync(TextReader input, CancellationToken cancellation) => Task.Run(input.ReadLine, cancellation).WaitAsync(cancellation);

    /// <summary>Answers one line.</summary>
    /// <param name="canonical">Whether canonical forms decide, as in search-and-learn.</param>
    /// <param name="options">What else counts as equal.</param>
    private sealed class Grader(bool canonical, EquivalenceOptions options)
    {
        public void Write(Utf8JsonWriter writer, GradeRow row)
        {
            writer.WriteStartObject();
            if (row.Text is not null)
            {
                string extracted = AnswerExtractor.Extract(row.Text);
                writer.WriteString("extracted", extracted);
                writer.WriteString("canonical", CanonicalAnswer.Of(extracted));
            }
            if (row is { Gold: not null, Pred: not null })
            {
                Agreement agreement = canonical ? CompareForms(row.Gold, row.Pred) : AnswerEquivalence.Compare(row.Gold, row.Pred, options);
                writer.WriteBoolean("equal", agreement != Agreement.Different);
                writer.WriteString("how", agreement.ToString().ToLowerInvariant());
            }
            writer.WriteEndObject();
        }

        private static Agreement CompareForms(string gold, string pred) =>
            CanonicalAnswer.Of(Unboxed(gold)) == CanonicalAnswer.Of(Unboxed(pred)) ? Agreement.Normalised : Agreement.Different;

        /// <summary>A whole solution's answer; a bare answer as it stands.</summary>
        private static string Unboxed(string text) => text.Contains("boxed", StringComparison.Ordinal) ? AnswerExtractor.Extract(text) : text;
    }
}
