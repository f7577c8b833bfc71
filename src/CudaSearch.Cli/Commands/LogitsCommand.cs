using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CudaSearch.Cli.Options;
using CudaSearch.Engine;
using CudaSearch.Evaluation;

namespace CudaSearch.Cli.Commands;

/// <summary><c>logits</c>: the most probable next tokens, with their logits in full precision.</summary>
internal static class LogitsCommand
{
    public static Command Create(CommandHost host)
    {
        var text = new Argument<string?>("text") { Description = "the text before the token; or what is piped in", Arity = ArgumentArity.ZeroOrOne };
        var ids = new Option<string?>("--ids") { Description = "token ids instead of a text, separated by commas; nothing is put before them" };
        var special = new Option<bool>("--special") { Description = "recognise special tokens such as <|eot_id|> in the text" };
        Option<int> top = Values.Integer("--top", "how many tokens to show", 10, minimum: 1);
        var json = new Option<bool>("--json") { Description = "print the result as one JSON document" };
        var command = new Command("logits", "Shows the logits of the token after a text.") { text, ids, special, top, json };
        var models = new ModelOptions(command, generates: true, judges: false);
        command.SetAction(async (parsed, cancellation) =>
        {
            int[]? given = ParseIds(parsed.GetValue(ids));
            string? words = parsed.GetValue(text);
            if (given is not null && words is not null) throw new UsageException("give a text or --ids, not both");
            if (given is null) words ??= await TextSource.ReadAsync(path: null, host, cancellation) ?? throw new UsageException("give a text, or token ids with --ids");
            using Workbench workbench = Models.Open(host, models.Read(parsed));
            LanguageModel model = workbench.Generator;
            int[] tokens = given ?? PromptTokens.Of(model.Tokenizer, words!, parsed.GetValue(special));
            using Sequence sequence = model.Engine.CreateSequence(tokens);
            float[] logits = await model.Engine.LogitsAsync(sequence, cancellation);
            List<TokenLogit> best = Best(logits, parsed.GetValue(top), model);
            if (parsed.GetValue(json)) JsonOutput.Write(host.Output, writer => WriteJson(writer, tokens, best, workbench));
            else WriteText(host.Output, best);
            return ExitStatus.Done;
        });
        return command;
    }

    private static int[]? ParseIds(string? text)
    {
        if (text is null) return null;
        var ids = new List<int>();
        foreach (string part in text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            ids.Add(int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                ? id
                : throw new UsageException($"--ids holds {part}; it must hold token ids such as 1,2,3"));
        return ids.Count > 0 ? [.. ids] : throw new UsageException("--ids holds no token id; it must hold some, such as 1,2,3");
    }

    private static List<TokenLogit> Best(float[] logits, int count, LanguageModel model) =>
    [
        .. Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).ThenBy(id => id).Take(count)
            .Select(id => new TokenLogit(id, PieceOf(model, id), logits[id])),
    ];

    /// <summary>Null without a tokenizer, and for the rows by which a checkpoint's output is wider than its vocabulary.</summary>
    private static string? PieceOf(LanguageModel model, int id)
    {
        if (model.OptionalTokenizer is not { } tokenizer || id >= tokenizer.VocabularySize) return null;
        try
        {
            return tokenizer.Piece(id);
        }
        catch (CudaSearchException)
        {
            return null; // a gap in the vocabulary
        }
    }

    private static void WriteJson(Utf8JsonWriter writer, int[] tokens, List<TokenLogit> best, Workbench workbench)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("ids");
        foreach (int id in tokens) writer.WriteNumberValue(id);
        writer.WriteEndArray();
        writer.WriteStartArray("top");
        foreach (TokenLogit token in best)
        {
            writer.WriteStartObject();
            writer.WriteNumber("id", token.Id);
            writer.WriteString("piece", token.Piece);
            writer.WritePropertyName("logit");
            // JSON has no name for what a broken model may compute.
            if (float.IsFinite(token.Logit)) writer.WriteRawValue(token.Logit.ToString("G9", CultureInfo.InvariantCulture));
            else writer.WriteNullValue();
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteString("device", workbench.Device);
        writer.WriteString("backend", workbench.Backend);
        writer.WriteEndObject();
    }

    private static void WriteText(TextWriter output, List<TokenLogit> best)
    {
        foreach (TokenLogit token in best) output.WriteLine($"{token.Id,8}  {token.Logit.ToString("G9", CultureInfo.InvariantCulture),14}  {token.Piece}");
    }

    private readonly record struct TokenLogit(int Id, string? Piece, float Logit);
}
