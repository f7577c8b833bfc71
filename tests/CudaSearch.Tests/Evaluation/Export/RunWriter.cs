using System.Globalization;
using System.Text.Json;
using CudaSearch.Answers;

namespace CudaSearch.Tests.Evaluation.Export;

/// <summary>Writes records as eval does, from made-up completions.</summary>
internal static class RunWriter
{
    /// <summary>One record, a line.</summary>
    public static string Record(
        int row, string problem, string answer, IReadOnlyList<string> completions, IReadOnlyList<double> scores, string strategy = "best-of-n", ulong seed = 1,
        string? tree = null, IReadOnlyList<bool>? finished = null, string level = "1", string subject = "Algebra", string? command = null, int rows = 1000)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter writer = new(bytes))
        {
            writer.WriteStartObject();
            writer.WriteString("answer", answer);
            writer.WriteString("level", level);
            writer.WriteString("subject", subject);
            writer.WriteString("problem", problem);
            writer.WriteString("strategy", strategy);
            writer.WriteNumber("n", completions.Count);
            writer.WriteNumber("seed", seed);
            writer.WriteString("settings", "beam-width=4 iterations=40 lookahead=0 aggregate=last temperature=0.8");
            writer.WriteString("device", "made-up device");
            writer.WriteString("backend", "cpu");
            writer.WriteString("model", "made-up");
            if (strategy is "majority" or "greedy") writer.WriteNull("prm");
            else writer.WriteString("prm", "made-up");
            if (command is not null) writer.WriteString("command", command);
            Strings("completions", completions);
            writer.WriteStartArray("agg_scores");
            foreach (double score in scores) writer.WriteNumberValue(score);
            writer.WriteEndArray();
            writer.WriteStartArray("completion_tokens");
            foreach (string text in completions) writer.WriteNumberValue(text.Length / 4);
            writer.WriteEndArray();
            if (finished is not null)
            {
                writer.WriteStartArray("finished");
                foreach (bool flag in finished) writer.WriteBooleanValue(flag);
                writer.WriteEndArray();
            }
            if (tree is not null)
            {
                writer.WritePropertyName("tree");
                writer.WriteRawValue(tree);
            }
            long tokens = completions.Sum(text => (long)text.Length / 4);
            writer.WriteStartObject("usage");
            writer.WriteNumber("seconds", 0.25 + row % 7 * 0.125);
            writer.WriteNumber("generated_tokens", tokens);
            writer.WriteNumber("prm_tokens", strategy is "majority" or "greedy" ? 0 : tokens + 17);
            writer.WriteNumber("prompt_tokens", 40 + row % 5);
            writer.WriteNumber("generator_flops", 3.7e6 * tokens);
            writer.WriteNumber("prm_flops", 7.3e6 * tokens);
            writer.WriteEndObject();
            writer.WriteNumber("row", row);
            writer.WriteStartObject("dataset");
            writer.WriteString("name", "made-up.jsonl");
            writer.WriteString("digest", "0123456789abcdef");
            writer.WriteNumber("start", 0);
            writer.WriteNumber("end", rows);
            writer.WriteEndObject();
            writer.WriteEndObject();

            void Strings(string name, IReadOnlyList<string> values)
            {
                writer.WriteStartArray(name);
                foreach (string value in values) writer.WriteStringValue(value);
                writer.WriteEndArray();
            }
        }
        return System.Text.Encoding.UTF8.GetString(bytes.ToArray());
    }

    /// <summary>A solution of these steps that ends in this answer.</summary>
    public static string Solution(string answer, params string[] steps) =>
        string.Concat(steps.Select((step, i) => string.Create(CultureInfo.InvariantCulture, $"## Step {i + 1}: {step}\n\n"))) + $"Therefore, the final answer is: ${Voting.Box(answer)}$.";
}
