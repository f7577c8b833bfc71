namespace CudaSearch.Verification;

/// <summary>How the step scores of an answer become one score.</summary>
public enum Aggregation
{
    /// <summary>The last step's score.</summary>
    Last,

    /// <summary>The smallest step score.</summary>
    Min,

    /// <summary>The product, multiplied from left to right in double precision.</summary>
    Prod,

    /// <summary>The arithmetic mean.</summary>
    Mean,
}

/// <summary>Applies an <see cref="Aggregation"/>.</summary>
public static class AggregationExtensions
{
    /// <summary>Aggregates step scores; an answer without steps has no score and is refused.</summary>
    public static double Aggregate(this Aggregation aggregation, IReadOnlyList<double> stepScores)
    {
        if (stepScores.Count == 0) throw new ArgumentException("an answer has at least one step score", nameof(stepScores));
        return aggregation switch
        {
            Aggregation.Last => stepScores[^1],
            Aggregation.Min => stepScores.Min(),
            Aggregation.Prod => stepScores.Aggregate(1.0, (product, score) => product * score),
            Aggregation.Mean => stepScores.Sum() / stepScores.Count,
            _ => throw new ArgumentOutOfRangeException(nameof(aggregation)),
        };
    }
}
