using System.CommandLine;
using CudaSearch.Evaluation;
using CudaSearch.Tokenization;

namespace CudaSearch.Cli.Commands;

/// <summary><c>tokenize</c>: ids and pieces of a text.</summary>
internal static class TokenizeCommand
{
    public static Command Create(CommandHost host)
    {
        var text = new Argument<string?>("text") { Description = "the text; or what is piped in", Arity = ArgumentArity.ZeroOrOne };
        var model = new Option<string>("--model")
        {
            Description = "a folder with a tokenizer.json, or tinymath", DefaultValueFactory = _ => Workbench.TinyMath,
        };
        var special = new Option<bool>("--special") { Description = "recognise special tokens such as <|eot_id|> in the text" };
        var json = new Option<bool>("--json") { Description = "print the result as one JSON document" };
        var command = new Command("tokenize", "Shows the token ids and pieces of a text.") { text, model, special, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            string words = parsed.GetValue(text) ?? await TextSource.ReadAsync(path: null, host, cancellation) ?? throw new UsageException("give a text");
            string folder = Workbench.ResolveModel(parsed.GetValue(model)!, "generator");
            Tokenizer tokenizer = Tokenizer.Load(Path.Join(folder, "tokenizer.json"));
            int[] ids = parsed.GetValue(special) ? tokenizer.EncodeWithSpecialTokens(words) : tokenizer.Encode(words);
            if (parsed.GetValue(json)) WriteJson(host.Output, ids, tokenizer);
            else foreach (int id in ids) host.Output.WriteLine($"{id,8}  {tokenizer.Piece(id)}");
            return ExitStatus.Done;
        });
        return command;
    }

    private static void WriteJson(TextWriter output, int[] ids, Tokenizer tokenizer) => JsonOutput.Write(output, writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartArray("ids");
        foreach (int id in ids) writer.WriteNumberValue(id);
        writer.WriteEndArray();
        writer.WriteStartArray("pieces");
        foreach (int id in ids) writer.WriteStringValue(tokenizer.Piece(id));
        writer.WriteEndArray();
        writer.WriteEndObject();
    });
}
