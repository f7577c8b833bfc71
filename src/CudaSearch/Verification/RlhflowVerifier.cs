using CudaSearch.Engine;
using CudaSearch.Tokenization;

namespace CudaSearch.Verification;

/// <summary>
/// RLHFlow's process reward model: the answer is a conversation in which every step is a user turn that the assistant answers with <c>+</c>; a step's
/// score is P(<c>+</c>) against <c>-</c> just before that answer. One object judges one problem. Steps are kept in a trie, so a step that several
/// beams share, or write alike, is computed once, and a longer answer computes only what is new.
/// (Dong et al. 2024, RLHFlow; input format as in search-and-learn)
/// </summary>
public sealed class RlhflowVerifier : IVerifier
{
    private readonly LanguageModel _model;
    private readonly Usage _usage;

    /// <summary>A verifier for one problem.</summary>
    /// <param name="model">Opened as a verifier.</param>
    /// <param name="usage">Where the cost is counted.</param>
    public RlhflowVerifier(LanguageModel model, Usage usage)
    {
        _model = model;
        _usage = usage;
        Template = ChatTemplate.ForVerifier(model.Tokenizer);
    }

    /// <summary>Tokens a verifier without reuse would have computed: the whole conversation again for every score asked for.</summary>
    public long TokensWithoutReuse { get; private set; }

    internal ChatTemplate Template { get; }

    /// <inheritdoc/>
    public IVerification Start(string problem) => new Verification(new StepTrie(_model.Engine, Template, problem, _usage), this);

    private sealed class Verification : IVerification
    {
        private readonly StepTrie _trie;
        private readonly RlhflowVerifier _owner;
        private StepNode? _node;
        private bool _disposed;

        public Verification(StepTrie trie, RlhflowVerifier owner, StepNode? node = null)
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
            StepNode node = _trie.Extend(answer.Split("\n\n"));
            _trie.Leave(_node);
            _node = node;
            await node.Ready.WaitAsync(cancellation).ConfigureAwait(false);
            lock (_owner) _owner.TokensWithoutReuse += node.Tokens.Length;
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
