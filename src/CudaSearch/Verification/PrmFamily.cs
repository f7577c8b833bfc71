using CudaSearch.Backends;
using CudaSearch.Checkpoints;
using CudaSearch.Tokenization;

namespace CudaSearch.Verification;

/// <summary>A family of process reward models: how to tell a member, and how to set it up.</summary>
/// <param name="Format">Its name.</param>
/// <param name="Missing">What a checkpoint lacks to be of this family; null when nothing.</param>
/// <param name="Create">Sets up a checkpoint that lacks nothing.</param>
internal sealed record PrmFamily(PrmFormat Format, Func<PrmFiles, string?> Missing, Func<PrmFiles, StepLayout> Create)
{
    /// <summary>
    /// What search-and-learn's runs round the family's logits and scores to, by the type it loads the model in. Its value heads stay float32, and classifiers of
    /// TRL it does not know.
    /// </summary>
    public RewardRounding OriginalRounding { get; init; }

    /// <summary>
    /// Every family, the most distinctive first: a head of its own tells more than tokens that any language model may have. RLHFlow's is a
    /// chat model like others.
    /// </summary>
    public static IReadOnlyList<PrmFamily> All { get; } =
        [TrlLayout.Family, QwenLayout.Family, SkyworkLayout.Family, MathShepherdLayout.Family, RlhflowLayout.Family];

    /// <summary>The family of a checkpoint, by its tensors and its tokenizer.</summary>
    /// <exception cref="CudaSearchException">It is of none, or not of the one that the options name; the message tells what was looked
    /// for.</exception>
    public static (PrmFamily Family, StepLayout Layout) Recognise(Checkpoint checkpoint, Tokenizer? tokenizer, PrmOptions options)
    {
        if (tokenizer is null)
            throw CudaSearchException.BadInput($"{checkpoint.Directory} cannot judge: it has no tokenizer.json; add the model's own");
        var files = new PrmFiles(checkpoint, tokenizer, options);
        if (options.Format is { } format)
        {
            PrmFamily told = All.Single(family => family.Format == format);
            return told.Missing(files) is not { } lack
                ? (told, told.Create(files))
                : throw CudaSearchException.BadInput(
                    $"{checkpoint.Directory} is no process reward model of the format {format.Name()}; it lacks {lack}. Name another "
                    + "format with --prm-format, or none to have it recognised");
        }
        var lacks = new List<string>();
        foreach (PrmFamily family in All)
        {
            if (family.Missing(files) is not { } lack) return (family, family.Create(files));
            lacks.Add($"{family.Format.Name()}: {lack}");
        }
        throw CudaSearchException.BadInput(
            $"{checkpoint.Directory} is no process reward model that is known; for each format it lacks something: "
            + $"{string.Join("; ", lacks)}. Give --prm a process reward model");
    }
}
