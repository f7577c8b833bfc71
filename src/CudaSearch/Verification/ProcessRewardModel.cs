using CudaSearch.Backends;
using CudaSearch.Engine;

namespace CudaSearch.Verification;

/// <summary>
/// A process reward model of a known family, ready to judge: a language model whose passes end in rewards, and how its family writes
/// answers down.
/// </summary>
public sealed class ProcessRewardModel : IDisposable
{
    private ProcessRewardModel(LanguageModel model, PrmFamily family, StepLayout layout, PrmOptions options)
    {
        Options = options;
        Model = model;
        Format = family.Format;
        Layout = layout;
        Rounding = options.OriginalRounding ? family.OriginalRounding : RewardRounding.None;
    }

    /// <summary>What computes.</summary>
    public LanguageModel Model { get; }

    /// <summary>Its family.</summary>
    public PrmFormat Format { get; }

    /// <summary>What it was told beside its checkpoint.</summary>
    public PrmOptions Options { get; }

    /// <summary>What its logits and scores are rounded to.</summary>
    public RewardRounding Rounding { get; }

    internal StepLayout Layout { get; }

    /// <summary>
    /// Loads a folder that holds a process reward model. <see cref="LanguageModel.Start"/> of <see cref="Model"/> must follow.
    /// </summary>
    /// <param name="directory">With config.json, safetensors and tokenizer.json.</param>
    /// <param name="backend">Where to compute.</param>
    /// <param name="loop">The backend's thread.</param>
    /// <param name="options">What the checkpoint does not say; null for nothing.</param>
    /// <param name="progress">Told how far the weights are; null for nobody.</param>
    /// <param name="precision">What matrices, keys and values are kept in.</param>
    /// <exception cref="CudaSearchException">The checkpoint is of no family that is known, or damaged; nothing was loaded then.</exception>
    public static ProcessRewardModel Load(
        string directory, IBackend backend, DeviceLoop loop, PrmOptions? options = null, IProgress<LoadProgress>? progress = null,
        ModelPrecision precision = default)
    {
        options ??= new PrmOptions();
        (PrmFamily Family, StepLayout Layout)? known = null;
        LanguageModel model = LanguageModel.LoadVerifier(
            directory, backend, loop,
            (checkpoint, tokenizer) =>
            {
                var found = PrmFamily.Recognise(checkpoint, tokenizer, options);
                known = found;
                return options.OriginalRounding ? found.Layout.Head with { Rounding = found.Family.OriginalRounding } : found.Layout.Head;
            },
            progress, precision);
        return new ProcessRewardModel(model, known!.Value.Family, known.Value.Layout, options);
    }

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();
}
