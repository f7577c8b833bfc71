using CudaSearch.Engine;

namespace CudaSearch.Verification;

/// <summary>
/// Judges answers with a process reward model of any family. One object judges one problem. Steps are kept in a trie, so a step that
/// several beams share, or write alike, is computed once, and a longer answer computes only what is new.
/// </summary>
public sealed class PrmVerifier : IVerifier
{
    private readonly InferenceEngine _engine;
    private readonly StepLayout _layout;
    private readonly Usage _usage;
    private readonly string _systemPrompt;

    /// <summary>A verifier for one problem.</summary>
    /// <param name="prm">The model, started.</param>
    /// <param name="usage">Where the cost is counted.</param>
    /// <param name="systemPrompt">What the generator is told; Math-Shepherd is shown it, as search-and-learn does.</param>
    public PrmVerifier(ProcessRewardModel prm, Usage usage, string systemPrompt = "")
        : this(prm.Model.Engine, prm.Layout, usage, systemPrompt)
    {
    }

    /// <summary>As the other, on an engine whose model is of any kind that this layout suits.</summary>
    internal PrmVerifier(InferenceEngine engine, StepLayout layout, Usage usage, string systemPrompt = "")
    {
        _engine = engine;
        _layout = layout;
        _usage = usage;
        _systemPrompt = systemPrompt;
    }

    /// <summary>Tokens a verifier without reuse would have computed: the whole text again for every score asked for.</summary>
    public long TokensWithoutReuse { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Split(string answer) => _layout.Split(answer);

    /// <inheritdoc/>
    /// <exception cref="CudaSearchException">The problem is empty.</exception>
    public IVerification Start(string problem)
    {
        if (string.IsNullOrWhiteSpace(problem)) throw CudaSearchException.BadInput("the problem is empty; give its text");
        return new Verification(new StepTrie(_engine, _layout, new Question(problem, _systemPrompt), _usage), this);
    }

    private sealed class Verification : IVerification
    {
        private readonly StepTrie _trie;
        private readonly PrmVerifier _owner;
        private StepNode? _node;
        private bool _disposed;

        public Verification(StepTrie trie, PrmVerifier owner, StepNode? node = null)
        {
            _trie = trie;
            _owner = owner;
            _node = node;
            _trie.Enter(node);
        }

        public IVerification Fork()
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return new Verification(_trie, _owner, _node);
        }

        public async Task<IReadOnlyList<double>> ScoreAsync(string answer, CancellationToken cancellation)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            StepNode node = _trie.Extend(_owner._layout.Split(answer));
            _trie.Leave(_node);
            _node = node;
            await node.Ready.WaitAsync(cancellation).ConfigureAwait(false);
            lock (_owner) _owner.TokensWithoutReuse += node.Length;
            var scores = new double[node.Depth];
            for (StepNode? step = node; step is not null; step = step.Parent) scores[step.Depth - 1] = step.Score;
            return scores;
        }

        public void Dispose()
        {
            if (_disposed) return;
            _disposed = true;
            _trie.Leave(_node);
            _trie.Close();
        }
    }
}
