using System.CommandLine;
using CudaSearch.Cli.Options;
using CudaSearch.Engine;
using CudaSearch.Evaluation;
using CudaSearch.Search;
using CudaSearch.Tokenization;

namespace CudaSearch.Cli.Commands;

/// <summary><c>generate</c>: continues a text, token by token.</summary>
internal static class GenerateCommand
{
    public static Command Create(CommandHost host)
    {
        var prompt = new Argument<string?>("prompt") { Description = "the text to continue; or what is piped in", Arity = ArgumentArity.ZeroOrOne };
        var chat = new Option<bool>("--chat") { Description = "the text is what a user says: answer it, by the model's chat template" };
        var special = new Option<bool>("--special") { Description = "recognise special tokens such as <|eot_id|> in the text" };
        Option<ulong> seed = Values.Seed(42);
        var command = new Command("generate", "Continues a text.") { prompt, chat, special };
        var sampling = new SamplingOptions(command, 256, "the continuation");
        command.Add(seed);
        var models = new ModelOptions(command, generates: true, judges: false);
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(chat) && parsed.GetValue(special)) throw new UsageException("--special is for raw text; with --chat the template places special tokens");
            string text = parsed.GetValue(prompt) ?? await TextSource.ReadAsync(path: null, host, cancellation) ?? throw new UsageException("give a text to continue");
            using Workbench workbench = Models.Open(host, models.Read(parsed));
            Tokenizer tokenizer = workbench.Generator.Tokenizer;
            int[] tokens = parsed.GetValue(chat)
                ? ChatTemplate.For(tokenizer).Render([new ChatMessage("user", text)], ChatEnding.GenerationPrompt)
                : PromptTokens.Of(tokenizer, text, parsed.GetValue(special));
            var stream = new RandomStream(parsed.GetValue(seed), EngineGenerator.ProblemKey(text), Beam: 0);
            using Sequence sequence = workbench.Generator.Engine.CreateSequence(tokens, stream);
            await StreamAsync(workbench.Generator, sequence, sampling.Read(parsed), host, cancellation);
            return ExitStatus.Done;
        });
        return command;
    }

    /// <summary>One token at a time, each drawn as it would be in one go: a draw depends on the token's position, not on the call.</summary>
    private static async Task StreamAsync(LanguageModel model, Sequence sequence, GenerationOptions options, CommandHost host, CancellationToken cancellation)
    {
        var decoder = new StreamingDecoder(model.Tokenizer, continuation: true);
        for (int i = 0; i < options.MaxTokens; i++)
        {
            int length = sequence.Length;
            GenerationResult result = await model.Engine.GenerateAsync(sequence, options with { MaxTokens = 1 }, cancellation);
            for (int t = length; t < sequence.Length; t++) await host.Output.WriteAsync(decoder.Append(sequence.Tokens[t]));
            if (result.Reason != StopReason.Length || result.GeneratedTokens == 0) break;
        }
        await host.Output.WriteLineAsync(decoder.Flush());
    }
}
