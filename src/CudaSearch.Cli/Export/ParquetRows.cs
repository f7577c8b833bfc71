using System.Text.Json.Serialization;
using CudaSearch.Evaluation.Export;
using Parquet.Serialization;
using Parquet.Serialization.Attributes;

namespace CudaSearch.Cli.Export;

/// <summary>Writes training rows as Parquet. The columns are those of the JSON lines, with the types that Hugging Face datasets infer from these.</summary>
internal static class ParquetRows
{
    /// <summary>Writes rows of one kind.</summary>
    public static Task WriteAsync(IReadOnlyList<TrainingRow> rows, string path, CancellationToken cancellation) => rows[0] switch
    {
        ConversationRow => SaveAsync(rows.Cast<ConversationRow>().Select(row => new Conversation { Messages = Of(row.Messages) }), path, cancellation),
        PromptCompletionRow => SaveAsync(
            rows.Cast<PromptCompletionRow>().Select(row => new PromptCompletion { Prompt = Of(row.Prompt), Completion = Of(row.Completion) }), path, cancellation),
        StepwiseRow { Hard: true } => SaveAsync(
            rows.Cast<StepwiseRow>().Select(row => new HardSteps { Prompt = row.Prompt, Completions = [.. row.Completions], Labels = [.. row.Labels.Select(label => label > 0)] }),
            path, cancellation),
        StepwiseRow => SaveAsync(
            rows.Cast<StepwiseRow>().Select(row => new SoftSteps { Prompt = row.Prompt, Completions = [.. row.Completions], Labels = [.. row.Labels] }), path, cancellation),
        PreferenceRow => SaveAsync(
            rows.Cast<PreferenceRow>().Select(row => new Preference { Prompt = Of(row.Prompt), Chosen = Of(row.Chosen), Rejected = Of(row.Rejected) }), path, cancellation),
        var row => throw new ArgumentException($"no columns are known for {row.GetType().Name}", nameof(rows)),
    };

    private static async Task SaveAsync<T>(IEnumerable<T> rows, string path, CancellationToken cancellation) =>
        await ParquetSerializer.SerializeAsync(rows, path, cancellationToken: cancellation);

    private static List<Message> Of(IReadOnlyList<TrainingMessage> messages) => [.. messages.Select(message => new Message { Role = message.Role, Content = message.Content })];

    internal sealed class Message
    {
        [JsonPropertyName("role"), ParquetRequired]
        public string Role { get; set; } = "";

        [JsonPropertyName("content"), ParquetRequired]
        public string Content { get; set; } = "";
    }

    internal sealed class Conversation
    {
        [JsonPropertyName("messages")]
        public List<Message> Messages { get; set; } = [];
    }

    internal sealed class PromptCompletion
    {
        [JsonPropertyName("prompt")]
        public List<Message> Prompt { get; set; } = [];

        [JsonPropertyName("completion")]
        public List<Message> Completion { get; set; } = [];
    }

    internal sealed class HardSteps
    {
        [JsonPropertyName("prompt"), ParquetRequired]
        public string Prompt { get; set; } = "";

        [JsonPropertyName("completions")]
        public List<string> Completions { get; set; } = [];

        [JsonPropertyName("labels")]
        public List<bool> Labels { get; set; } = [];
    }

    internal sealed class SoftSteps
    {
        [JsonPropertyName("prompt"), ParquetRequired]
        public string Prompt { get; set; } = "";

        [JsonPropertyName("completions")]
        public List<string> Completions { get; set; } = [];

        [JsonPropertyName("labels")]
        public List<double> Labels { get; set; } = [];
    }

    internal sealed class Preference
    {
        [JsonPropertyName("prompt")]
        public List<Message> Prompt { get; set; } = [];

        [JsonPropertyName("chosen")]
        public List<Message> Chosen { get; set; } = [];

        [JsonPropertyName("rejected")]
        public List<Message> Rejected { get; set; } = [];
    }
}
