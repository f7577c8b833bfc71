using System.Text.Json;

namespace CudaSearch.Search;

/// <summary>How problems of one difficulty are searched.</summary>
/// <param name="Strategy">Name of the strategy.</param>
/// <param name="BeamWidth">Its beam width.</param>
public readonly record struct PolicyChoice(string Strategy, int BeamWidth);

/// <summary>Which method a budget is spent on for problems of each difficulty, as <c>compute-optimal --save-policy</c> learned it from finished runs.</summary>
public sealed class ComputeOptimalPolicy
{
    private readonly Dictionary<int, PolicyChoice[]> _choices;

    /// <param name="pilot">Answers written first, whose mean reward tells how hard the problem is; they count towards N.</param>
    /// <param name="thresholds">Falling: a mean reward of at least the i-th is in bin i or an easier one.</param>
    /// <param name="choices">For each N, a choice for every bin, easiest first.</param>
    public ComputeOptimalPolicy(int pilot, IReadOnlyList<double> thresholds, IReadOnlyDictionary<int, IReadOnlyList<PolicyChoice>> choices)
    {
        Pilot = pilot;
        Thresholds = thresholds;
        _choices = choices.ToDictionary(budget => budget.Key, budget => budget.Value.ToArray());
        Text = JsonText();
    }

    /// <summary>Answers written first.</summary>
    public int Pilot { get; }

    /// <summary>Between the bins, falling.</summary>
    public IReadOnlyList<double> Thresholds { get; }

    /// <summary>The policy as one line of JSON; equal policies have equal texts.</summary>
    public string Text { get; }

    /// <summary>Reads a policy file.</summary>
    /// <exception cref="CudaSearchException">It cannot be read, or is no policy.</exception>
    public static ComputeOptimalPolicy Load(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
            JsonElement root = document.RootElement;
            double[] thresholds = [.. root.GetProperty("thresholds").EnumerateArray().Select(value => value.GetDouble())];
            var choices = new Dictionary<int, IReadOnlyList<PolicyChoice>>();
            foreach (JsonElement budget in root.GetProperty("budgets").EnumerateArray())
            {
                PolicyChoice[] bins =
                [
                    .. budget.GetProperty("bins").EnumerateArray()
                        .Select(bin => new PolicyChoice(bin.GetProperty("strategy").GetString()!, bin.GetProperty("beam_width").GetInt32())),
                ];
                if (bins.Length != thresholds.Length + 1)
                    throw CudaSearchException.BadInput($"{path}: a budget has {bins.Length} bins and there are {thresholds.Length} thresholds; there must be one bin more");
                choices[budget.GetProperty("n").GetInt32()] = bins;
            }
            int pilot = root.GetProperty("pilot").GetInt32();
            if (pilot < 1 || choices.Count == 0) throw CudaSearchException.BadInput($"{path}: the pilot is {pilot} and there are {choices.Count} budgets; both must be 1 or more");
            return new ComputeOptimalPolicy(pilot, thresholds, choices);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CudaSearchException.BadInput($"cannot read the policy {path}: {e.Message}", e);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw CudaSearchException.BadInput($"{path} is no policy of compute-optimal --save-policy: {e.Message}", e);
        }
    }

    /// <summary>The choices for a budget, easiest bin first: those of the largest budget known that is not larger, else of the smallest.</summary>
    public IReadOnlyList<PolicyChoice> For(int n)
    {
        int[] known = [.. _choices.Keys.Order()];
        return _choices[known.LastOrDefault(budget => budget <= n, known[0])];
    }

    /// <summary>The bin of a problem.</summary>
    /// <param name="ease">The mean reward of its pilot answers.</param>
    public int BinOf(double ease) => Thresholds.Count(threshold => ease < threshold);

    private string JsonText()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("pilot", Pilot);
            writer.WriteStartArray("thresholds");
            foreach (double threshold in Thresholds) writer.WriteNumberValue(threshold);
            writer.WriteEndArray();
            writer.WriteStartArray("budgets");
            foreach ((int n, PolicyChoice[] bins) in _choices.OrderBy(budget => budget.Key))
            {
                writer.WriteStartObject();
                writer.WriteNumber("n", n);
                writer.WriteStartArray("bins");
                foreach (PolicyChoice bin in bins)
                {
                    writer.WriteStartObject();
                    writer.WriteString("strategy", bin.Strategy);
                    writer.WriteNumber("beam_width", bin.BeamWidth);
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(buffer.ToArray());
    }
}
