using System.Text.Json;
using CudaSearch.Answers;

namespace CudaSearch.Evaluation;

/// <summary>What grading needs of a record that an earlier run wrote.</summary>
/// <param name="Problem">The problem text.</param>
/// <param name="Answers">The extracted answer of each completion.</param>
/// <param name="Scores">The aggregate of each completion.</param>
internal sealed record FinishedRecord(string Problem, IReadOnlyList<string> Answers, IReadOnlyList<double> Scores)
{
    /// <summary>Reads a record and makes sure that it belongs to the run at hand.</summary>
    /// <exception cref="CudaSearchException">It lacks a field or is of another run.</exception>
    public static FinishedRecord Read(JsonElement record, RunIdentity run, string path)
    {
        try
        {
            Require("strategy", record.GetProperty("strategy").GetString(), run.Strategy);
            Require("n", record.GetProperty("n").GetInt32().ToString(), run.N.ToString());
            Require("seed", record.GetProperty("seed").GetUInt64().ToString(), run.Seed.ToString());
            Require("settings", record.GetProperty("settings").GetString(), run.Settings);
            Require("model", record.GetProperty("model").GetString(), run.Model);
            Require("prm", record.GetProperty("prm").GetString() ?? "none", run.Prm ?? "none");
            return new FinishedRecord(
                record.GetProperty("problem").GetString()!,
                [.. record.GetProperty("completions").EnumerateArray().Select(text => AnswerExtractor.Extract(text.GetString()!))],
                [.. record.GetProperty("agg_scores").EnumerateArray().Select(score => score.GetDouble())]);
        }
        catch (Exception exception) when (exception is KeyNotFoundException or InvalidOperationException or FormatException or ArgumentNullException)
        {
            throw CudaSearchException.BadInput($"{path} holds a record that eval did not write; choose another --output", exception);
        }

        void Require(string field, string? found, string expected)
        {
            if (found != expected)
                throw CudaSearchException.BadInput($"{path} holds another run: its {field} is {found} and this run's is {expected}; choose another --output, or the same settings");
        }
    }
}
