using CudaSearch.Backends;
using CudaSearch.Engine;
using CudaSearch.Engine.Tracing;
using CudaSearch.Verification;

namespace CudaSearch.Evaluation;

/// <summary>What to open.</summary>
public sealed record WorkbenchOptions
{
    /// <summary>The generator: a folder, <c>tinymath</c>, or null for none.</summary>
    public string? Model { get; init; } = Workbench.TinyMath;

    /// <summary>The process reward model: a folder, <c>tinymath</c>, or null for none.</summary>
    public string? Prm { get; init; } = Workbench.TinyMath;

    /// <summary>What records call the generator; null: by its folder. For <c>tinymath</c> always that.</summary>
    public string? ModelName { get; init; }

    /// <summary>What records call the process reward model, likewise.</summary>
    public string? PrmName { get; init; }

    /// <summary>What the process reward model's checkpoint does not say about it.</summary>
    public PrmOptions PrmOptions { get; init; } = new();

    /// <summary><c>auto</c>, <c>cpu</c> or <c>cuda[:i]</c>.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Threads of the CPU backend; 0 takes all cores.</summary>
    public int Threads { get; init; }

    /// <summary>What the generator's matrices, keys and values are kept in.</summary>
    public ModelPrecision Precision { get; init; }

    /// <summary>What those of the process reward model are kept in; null: as the generator's.</summary>
    public ModelPrecision? PrmPrecision { get; init; }

    /// <summary>
    /// Device memory to use, a fraction of what is available or a size: for the KV caches, and on a GPU for weights and activations as well. Null takes the
    /// backend's default.
    /// </summary>
    public string? Memory { get; init; }

    /// <summary>Told how far the weights are on their way to the device.</summary>
    public IProgress<LoadProgress>? Progress { get; init; }
}

/// <summary>A device with a generator and a verifier on it, or one of them: two engines over two models with two page pools within one budget.</summary>
public sealed class Workbench : IDisposable
{
    /// <summary>The name of the embedded pair.</summary>
    public const string TinyMath = "tinymath";

    private readonly IBackend _backend;
    private readonly DeviceLoop _loop = new();
    private LanguageModel? _generator;

    private Workbench(IBackend backend, string? note)
    {
        _backend = backend;
        DeviceNote = note;
    }

    /// <summary>Writes steps.</summary>
    /// <exception cref="InvalidOperationException">None was asked for.</exception>
    public LanguageModel Generator => _generator ?? throw new InvalidOperationException("this workbench was opened without a generator");

    /// <summary>Scores steps; null when none was asked for.</summary>
    public ProcessRewardModel? Verifier { get; private set; }

    /// <summary>Short name of the backend, e.g. <c>cpu</c>.</summary>
    public string Backend => _backend.Name;

    /// <summary>The device in words, and what the models are kept in where that is not the usual.</summary>
    public string Device => DeviceText.Of(_backend.Device, _generator?.Precision, Verifier?.Model.Precision);

    /// <summary>Why a GPU that is there is not used; null when there is nothing to say.</summary>
    public string? DeviceNote { get; }

    /// <summary>The generator as the user named it: <c>tinymath</c>, or the folder's name; null when there is none.</summary>
    public string? ModelName { get; private set; }

    /// <summary>The verifier as the user named it; null when there is none.</summary>
    public string? PrmName { get; private set; }

    /// <summary>Opens the models.</summary>
    /// <exception cref="CudaSearchException">A model is wrong, the device is unavailable, or the memory does not suffice.</exception>
    public static Workbench Open(WorkbenchOptions options)
    {
        var workbench = new Workbench(Devices.Open(options.Device, options.Threads, out string? note), note);
        try
        {
            workbench.OpenModels(options);
            return workbench;
        }
        catch
        {
            workbench.Dispose();
            throw;
        }
    }

    /// <summary>How the engines stand: the generator's, then the verifier's where there is one.</summary>
    public IReadOnlyList<EngineStatus> Status =>
        Verifier is null ? [Generator.Engine.Status] : [Generator.Engine.Status, Verifier.Model.Engine.Status];

    /// <summary>Writes down what happens to the sequences and pages of both models from now on, as <c>docs/kv-trace.md</c> describes.</summary>
    public void StartTrace(ITraceSink sink)
    {
        _generator?.Engine.StartTrace(sink, Head(0, "generator", ModelName, _generator.PageBytes));
        Verifier?.Model.Engine.StartTrace(sink, Head(1, "prm", PrmName, Verifier.Model.PageBytes));

        static TraceEvent Head(int engine, string name, string? model, long pageBytes) =>
            new() { Event = "engine", Engine = engine, Name = name, Model = model, PageBytes = pageBytes };
    }

    /// <summary>The folder of a model.</summary>
    /// <param name="nameOrDirectory">A folder, or <c>tinymath</c>.</param>
    /// <param name="role"><c>generator</c> or <c>prm</c>: which of the embedded pair.</param>
    public static string ResolveModel(string nameOrDirectory, string role) =>
        nameOrDirectory == TinyMath ? Path.Combine(AppContext.BaseDirectory, TinyMath, role) : nameOrDirectory;

    /// <inheritdoc/>
    public void Dispose()
    {
        // Engines first: the loop then finds nothing to run, and ends before the memory it works on goes.
        _generator?.Stop();
        Verifier?.Model.Stop();
        _loop.Dispose();
        _generator?.Dispose();
        Verifier?.Dispose();
        _backend.Dispose();
    }

    private void OpenModels(WorkbenchOptions options)
    {
        long available = _backend.AvailableMemory;
        long budget = options.Memory is null ? (long)(available * _backend.DefaultMemoryFraction) : MemoryBudget.Parse(options.Memory, available);
        if (options.Model is not null)
        {
            _generator = LanguageModel.LoadGenerator(ResolveModel(options.Model, "generator"), _backend, _loop, options.Progress, options.Precision);
            ModelName = options.Model == TinyMath ? TinyMath : options.ModelName ?? _generator.Name;
        }
        if (options.Prm is not null)
        {
            Verifier = ProcessRewardModel.Load(
                ResolveModel(options.Prm, "prm"), _backend, _loop, options.PrmOptions, options.Progress, options.PrmPrecision ?? options.Precision);
            PrmName = options.Prm == TinyMath ? TinyMath : options.PrmName ?? Verifier.Model.Name;
        }
        // What weights and activations left. Both caches hold about the same tokens, so it is divided by what a token takes.
        long left = budget - (available - _backend.AvailableMemory);
        long modelPage = _generator?.PageBytes ?? 0, prmPage = Verifier?.Model.PageBytes ?? 0;
        long modelShare = (long)((double)left * modelPage / Math.Max(1, modelPage + prmPage));
        _generator?.Start(modelShare);
        Verifier?.Model.Start(left - modelShare);
    }
}
