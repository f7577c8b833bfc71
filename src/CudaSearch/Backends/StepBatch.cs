using System.Runtime.InteropServices;
using CudaSearch.Cache;

namespace CudaSearch.Backends;

/// <summary>How one row's token is drawn.</summary>
/// <param name="Temperature">0 is greedy.</param>
/// <param name="TopP">Nucleus mass; 1 keeps all.</param>
/// <param name="TopK">0 keeps all.</param>
/// <param name="MinP">0 keeps all.</param>
/// <param name="Uniform">The draw, uniform in [0, 1): a function of (seed, problem, beam, position) alone.</param>
/// <param name="Key">The draw for backends that race noisy logits: keys the noise of all tokens; a function of the same four.</param>
/// <param name="WantsLogProbability">Whether the drawn token's log-probability is wanted: <see cref="StepBatch.LogProbabilities"/>. It changes no draw.</param>
public readonly record struct SamplingParameters(
    float Temperature, float TopP, int TopK, float MinP, float Uniform, ulong Key = 0, bool WantsLogProbability = false)
{
    /// <summary>
    /// Whether one look at each logit suffices, in any order: nothing is cut off, or only the largest logit counts, and the log-probability is not wanted.
    /// </summary>
    public bool NeedsOneLook => !WantsLogProbability && (Temperature <= 0f || TopK == 1 || (TopK <= 0 && TopP >= 1f && MinP <= 0f));
}

/// <summary>
/// One pass, ragged and flat: the rows (tokens) of all sequences behind one another, prefill chunks and decodes mixed. Reused from pass to pass.
/// </summary>
public sealed class StepBatch
{
    private readonly List<int> _tokenIds = [];
    private readonly List<int> _positions = [];
    private readonly List<int> _slots = [];
    private readonly List<QuerySpan> _spans = [];
    private readonly List<QuerySpan> _planned = [];
    private readonly List<QuerySpan> _unplanned = [];
    private readonly List<PageCopy> _copies = [];
    private readonly List<int> _outputRows = [];
    private readonly List<int> _sampled = [];
    private readonly List<SamplingParameters> _sampling = [];
    private readonly List<int> _rewarded = [];
    private int[] _sampledTokens = [];
    private float[] _logProbabilities = [];
    private float[] _rewards = [];
    private int _longestSpan;

    /// <summary>Tokens in the pass.</summary>
    public int RowCount => _tokenIds.Count;

    /// <summary>Token id of each row.</summary>
    public ReadOnlySpan<int> TokenIds => CollectionsMarshal.AsSpan(_tokenIds);

    /// <summary>Position of each row in its sequence.</summary>
    public ReadOnlySpan<int> Positions => CollectionsMarshal.AsSpan(_positions);

    /// <summary>Where each row's key and value go: page * page size + offset.</summary>
    public ReadOnlySpan<int> Slots => CollectionsMarshal.AsSpan(_slots);

    /// <summary>The sequences: which rows are theirs, and their page tables.</summary>
    public ReadOnlySpan<QuerySpan> Spans => CollectionsMarshal.AsSpan(_spans);

    /// <summary>The spans that <see cref="Plan"/> leaves out, by the backend's limits.</summary>
    public ReadOnlySpan<QuerySpan> UnplannedSpans => CollectionsMarshal.AsSpan(_unplanned);

    /// <summary>The output rows, gathered.</summary>
    public Rows GatheredRows => new(RowSet.Outputs, _outputRows.Count);

    /// <summary>Pages to copy before anything else.</summary>
    public ReadOnlySpan<PageCopy> Copies => CollectionsMarshal.AsSpan(_copies);

    /// <summary>Rows whose final hidden state is needed, in order of addition; the final norm gathers them. Draws from one row, added in a run, share its entry.</summary>
    public ReadOnlySpan<int> OutputRows => CollectionsMarshal.AsSpan(_outputRows);

    /// <summary>Indices into <see cref="OutputRows"/> that draw a token, ascending.</summary>
    public ReadOnlySpan<int> Sampled => CollectionsMarshal.AsSpan(_sampled);

    /// <summary>How each of <see cref="Sampled"/> is drawn.</summary>
    public ReadOnlySpan<SamplingParameters> Sampling => CollectionsMarshal.AsSpan(_sampling);

    /// <summary>Indices into <see cref="OutputRows"/> that want a reward.</summary>
    public ReadOnlySpan<int> Rewarded => CollectionsMarshal.AsSpan(_rewarded);

    /// <summary>
    /// True when the output rows' logits must be stored: some are read after the pass, or some draw needs more than one look at them. Otherwise a backend may
    /// draw without.
    /// </summary>
    public bool StoresLogits { get; private set; }

    /// <summary>The token drawn for each of <see cref="Sampled"/>; filled by the pass.</summary>
    public Span<int> SampledTokens => _sampledTokens.AsSpan(0, _sampled.Count);

    /// <summary>True when the log-probability of some drawn token is wanted.</summary>
    public bool WantsLogProbabilities { get; private set; }

    /// <summary>
    /// For each of <see cref="Sampled"/> that wants it, the natural logarithm of the drawn token's probability by the model itself: the softmax of the raw
    /// logits, at temperature 1 and over the whole vocabulary, however it was drawn. 0 where the largest logit is not finite. Filled by the pass; what was not
    /// asked for is undefined.
    /// </summary>
    public Span<float> LogProbabilities => _logProbabilities.AsSpan(0, _sampled.Count);

    /// <summary>The reward of each of <see cref="Rewarded"/>; filled by the pass.</summary>
    public Span<float> Rewards => _rewards.AsSpan(0, _rewarded.Count);

    /// <summary>Which pages are read for which rows. Made by <c>Complete</c>.</summary>
    public AttentionPlan Plan { get; } = new();

    /// <summary>Pages that attention reads in a layer: those of the plan, and of every other span its own.</summary>
    public long PageVisits
    {
        get
        {
            long visits = Plan.DistinctPages;
            foreach (ref readonly QuerySpan span in UnplannedSpans) visits += PagePool.PagesFor(span.FirstPosition + span.RowCount);
            return visits;
        }
    }

    /// <summary>Keys that all rows attend to together, in a layer: a row at position p looks at p + 1 of them.</summary>
    public long AttendedKeys
    {
        get
        {
            long keys = 0;
            foreach (int position in Positions) keys += position + 1;
            return keys;
        }
    }

    /// <summary>Empties the batch for the next pass.</summary>
    public void Clear()
    {
        _tokenIds.Clear();
        _positions.Clear();
        _slots.Clear();
        _spans.Clear();
        _copies.Clear();
        _outputRows.Clear();
        _sampled.Clear();
        _sampling.Clear();
        _rewarded.Clear();
        _longestSpan = 0;
        StoresLogits = false;
        WantsLogProbabilities = false;
    }

    /// <summary>Adds the tokens of one sequence, whose table already holds their slots.</summary>
    /// <returns>The first of the new rows.</returns>
    public int AddSequence(ReadOnlySpan<int> tokenIds, int firstPosition, PageTable table)
    {
        int firstRow = RowCount;
        for (int i = 0; i < tokenIds.Length; i++)
        {
            _tokenIds.Add(tokenIds[i]);
            _positions.Add(firstPosition + i);
            _slots.Add(table.SlotOf(firstPosition + i));
        }
        _longestSpan = Math.Max(_longestSpan, tokenIds.Length);
        _spans.Add(new QuerySpan(firstRow, tokenIds.Length, firstPosition, table));
        return firstRow;
    }

    /// <summary>A page to copy before the pass.</summary>
    public void AddCopy(PageCopy copy) => _copies.Add(copy);

    /// <summary>Draws a token from this row's logits.</summary>
    /// <returns>Index of the draw in <see cref="SampledTokens"/>.</returns>
    public int AddSample(int row, SamplingParameters parameters)
    {
        _sampled.Add(AddOutput(row));
        _sampling.Add(parameters);
        StoresLogits |= !parameters.NeedsOneLook;
        WantsLogProbabilities |= parameters.WantsLogProbability;
        return _sampled.Count - 1;
    }

    /// <summary>Asks for this row's reward.</summary>
    /// <returns>Index in <see cref="Rewards"/>.</returns>
    public int AddReward(int row)
    {
        _rewarded.Add(AddOutput(row));
        return _rewarded.Count - 1;
    }

    /// <summary>Asks for this row's logits.</summary>
    /// <returns>Index of the row among the pass's logits.</returns>
    public int AddLogits(int row)
    {
        StoresLogits = true;
        return AddOutput(row);
    }

    /// <summary>Plans the attention of every span and makes room for the results.</summary>
    /// <param name="share">False reads every sequence's pages for itself, for measurements.</param>
    public void Complete(bool share = true) => Complete(PlanLimits.None, share);

    /// <summary>Plans the attention as far as a backend wants it and makes room for the results.</summary>
    /// <param name="limits">What the backend wants planned.</param>
    /// <param name="share">False reads every sequence's pages for itself, for measurements.</param>
    public void Complete(PlanLimits limits, bool share)
    {
        PlanAttention(limits, share, long.MaxValue);
        // What a plan has is seldom as much as it could have; it is counted out only where it is too much.
        if (Plan.PartialCount > limits.MaxPartials) PlanAttention(limits, share, limits.MaxPartials);
        if (_sampledTokens.Length < _sampled.Count) (_sampledTokens, _logProbabilities) = (new int[_sampled.Count * 2], new float[_sampled.Count * 2]);
        if (_rewards.Length < _rewarded.Count) _rewards = new float[_rewarded.Count * 2];
    }

    private void PlanAttention(PlanLimits limits, bool share, long mostPartials)
    {
        _unplanned.Clear();
        if (_longestSpan <= limits.MaxSpanRows && mostPartials == long.MaxValue)
        {
            Plan.Build(Spans, share, limits.StateKeys, limits.MinItems);
            return;
        }
        _planned.Clear();
        long partials = 0;
        foreach (ref readonly QuerySpan span in Spans)
        {
            long more = (long)span.RowCount * AttentionPlan.RangesBefore(span.End);
            bool planned = span.RowCount <= limits.MaxSpanRows && partials + more <= mostPartials;
            (planned ? _planned : _unplanned).Add(span);
            if (planned) partials += more;
        }
        Plan.Build(CollectionsMarshal.AsSpan(_planned), share, limits.StateKeys, limits.MinItems);
    }

    private int AddOutput(int row)
    {
        if (_outputRows.Count == 0 || _outputRows[^1] != row) _outputRows.Add(row);
        return _outputRows.Count - 1;
    }
}
