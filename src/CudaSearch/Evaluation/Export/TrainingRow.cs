using System.Globalization;
using System.Text.Json;

namespace CudaSearch.Evaluation.Export;

/// <summary>One message of a conversation.</summary>
/// <param name="Role"><c>system</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">Its text.</param>
public sealed record TrainingMessage(string Role, string Content);

/// <summary>One example to learn from, in one of TRL's layouts.</summary>
public abstract record TrainingRow
{
    /// <summary>Writes it as one JSON object.</summary>
    public abstract void Write(Utf8JsonWriter writer);

    private protected static void WriteMessages(Utf8JsonWriter writer, string name, IReadOnlyList<TrainingMessage> messages)
    {
        writer.WriteStartArray(name);
        foreach (TrainingMessage message in messages)
        {
            writer.WriteStartObject();
            writer.WriteString("role", message.Role);
            writer.WriteString("content", message.Content);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }
}

/// <summary>TRL's conversational language-modelling layout: <c>messages</c>.</summary>
/// <param name="Messages">The whole conversation.</param>
public sealed record ConversationRow(IReadOnlyList<TrainingMessage> Messages) : TrainingRow
{
    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteMessages(writer, "messages", Messages);
        writer.WriteEndObject();
    }
}

/// <summary>TRL's conversational prompt-completion layout: only the completion is learnt.</summary>
/// <param name="Prompt">What is given.</param>
/// <param name="Completion">What is to be written.</param>
public sealed record PromptCompletionRow(IReadOnlyList<TrainingMessage> Prompt, IReadOnlyList<TrainingMessage> Completion) : TrainingRow
{
    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteMessages(writer, "prompt", Prompt);
        WriteMessages(writer, "completion", Completion);
        writer.WriteEndObject();
    }
}

/// <summary>TRL's stepwise supervision: a solution's steps, each with a label.</summary>
/// <param name="Prompt">The problem.</param>
/// <param name="Completions">The steps, without separators.</param>
/// <param name="Labels">The value of each step, 0 to 1; 0 or 1 where labels are hard.</param>
/// <param name="Hard">Whether labels are written as booleans, as TRL's trainer wants them, or as numbers.</param>
public sealed record StepwiseRow(string Prompt, IReadOnlyList<string> Completions, IReadOnlyList<double> Labels, bool Hard) : TrainingRow
{
    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("prompt", Prompt);
        writer.WriteStartArray("completions");
        foreach (string step in Completions) writer.WriteStringValue(step);
        writer.WriteEndArray();
        writer.WriteStartArray("labels");
        foreach (double label in Labels)
        {
            if (Hard) writer.WriteBooleanValue(label > 0);
            // A whole number has to be one of the same kind as the others: readers infer a column's type.
            else writer.WriteRawValue(label.ToString("0.0###############", CultureInfo.InvariantCulture));
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}

/// <summary>TRL's conversational preference layout.</summary>
/// <param name="Prompt">What is given.</param>
/// <param name="Chosen">The better answer.</param>
/// <param name="Rejected">The worse one.</param>
public sealed record PreferenceRow(
    IReadOnlyList<TrainingMessage> Prompt, IReadOnlyList<TrainingMessage> Chosen, IReadOnlyList<TrainingMessage> Rejected) : TrainingRow
{
    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteMessages(writer, "prompt", Prompt);
        WriteMessages(writer, "chosen", Chosen);
        WriteMessages(writer, "rejected", Rejected);
        writer.WriteEndObject();
    }
}
