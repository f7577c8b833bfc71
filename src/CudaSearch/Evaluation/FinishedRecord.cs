using System.Text.Json;
using CudaSearch.Evaluation.Datasets;

namespace CudaSearch.Evaluation;

/// <summary>What grading needs of a record that an earlier run wrote.</summary>
/// <param name="Row">Its row in the dataset.</param>
/// <param name="Problem">The problem text.</param>
/// <param name="Ballot">The completions as voters.</param>
internal sealed record FinishedRecord(int Row, string Problem, Ballot Ballot)
{
    /// <summary>Reads a record, whatever its run.</summary>
    /// <exception cref="CudaSearchException">It lacks a field.</exception>
    public static FinishedRecord Read(JsonElement record, string where)
    {
        try
        {
            return new FinishedRecord(record.GetProperty("row").GetInt32(), record.GetProperty("problem").GetString()!, Ballot.Read(record));
        }
        catch (Exception exception) when (IsOfAnotherMaker(exception))
        {
            throw CudaSearchException.BadInput($"{where} holds a record that eval did not write", exception);
        }
    }

    /// <summary>What reading a field throws that is not there or of another kind.</summary>
    public static bool IsOfAnotherMaker(Exception exception) =>
        exception is KeyNotFoundException or InvalidOperationException or FormatException or ArgumentNullException;

    /// <summary>Reads a record and makes sure that it belongs to the run at hand.</summary>
    /// <exception cref="CudaSearchException">It lacks a field or is of another run.</exception>
    public static FinishedRecord Read(JsonElement record, RunIdentity run, DatasetIdentity dataset, string path)
    {
        try
        {
            DatasetIdentity found = DatasetIdentity.Read(record.GetProperty("dataset"));
            Require("dataset", $"{found.Name} ({found.Digest})", $"{dataset.Name} ({dataset.Digest})");
            Require("strategy", record.GetProperty("strategy").GetString(), run.Strategy);
            Require("n", record.GetProperty("n").GetInt32().ToString(), run.N.ToString());
            Require("seed", record.GetProperty("seed").GetUInt64().ToString(), run.Seed.ToString());
            Require("settings", record.GetProperty("settings").GetString(), run.Settings);
            Require("model", record.GetProperty("model").GetString(), run.Model);
            Require("prm", record.GetProperty("prm").GetString() ?? "none", run.Prm ?? "none");
            return Read(record, path);
        }
        catch (Exception exception) when (IsOfAnotherMaker(exception))
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
