using CudaSearch.Engine;
using CudaSearch.Search;
using CudaSearch.Verification;

namespace CudaSearch.Tests.Search;

/// <summary>What a fake model was asked to generate; a revision names the answer to revise and what was said to it.</summary>
internal sealed record Request(string Text, int Beam, GenerationOptions Options, string? Revised = null, string? Said = null);

/// <summary>
/// Generator and verifier in one, which says what it is told to, writes down what it was asked, counts what is still alive, and fails
/// when wanted.
/// A piece of an answer scores its last digit in tenths; one without a digit scores like the piece before it.
/// </summary>
internal sealed class FakeModel(Func<Request, GeneratedText> next) : IGenerator, IVerifier
{
    private int _liveBranches;
    private int _liveVerifications;

    /// <summary>Serves these outputs one after the other.</summary>
    public FakeModel(params GeneratedText[] outputs)
        : this(Serve(outputs))
    {
    }

    public List<Request> Requests { get; } = [];

    public List<string> Scored { get; } = [];

    public int LiveBranches => _liveBranches;

    public int LiveVerifications => _liveVerifications;

    /// <summary>The most branches that were alive when something was generated.</summary>
    public int MostBranchesGenerating { get; private set; }

    /// <summary>The most verifications that were alive when something was scored.</summary>
    public int MostVerificationsScoring { get; private set; }

    /// <summary>All starts, forks, generations and scores.</summary>
    public int Calls { get; private set; }

    /// <summary>Throws before the call of this number, counted from 0.</summary>
    public int? FailAt { get; init; }

    /// <summary>Runs before every call, with its number.</summary>
    public Action<int>? OnCall { get; init; }

    /// <summary>The longest answer that can be revised.</summary>
    public int MostRevised { get; init; } = int.MaxValue;

    /// <summary>Makes generations and scores finish later, on another thread, instead of at once.</summary>
    public bool Yields { get; init; }

    /// <summary>The token that searches are started with.</summary>
    public CancellationToken Cancellation { get; init; } = TestContext.Current.CancellationToken;

    /// <summary>How an answer is scored, one score a piece.</summary>
    public Func<string, double[]> Score { get; init; } = ScoreByDigits;

    public static GeneratedText Step(string text) => new(text + "\n\n", StopReason.StopText, 1);

    public static GeneratedText End(string text) => new(text, StopReason.EndOfSequence, 1);

    public static GeneratedText Cut(string text) => new(text, StopReason.Length, 1);

    public static GeneratedText ForeignEnd(string text) => new(text, StopReason.OtherEnd, 1);

    /// <summary>A search of one problem with this model on both sides.</summary>
    public Task<SearchResult> SearchAsync(ISearchStrategy strategy, SearchOptions options, SearchTree? tree = null) =>
        strategy.SearchAsync(new SearchContext("1+1?", this, this, options, tree ?? new SearchTree()), Cancellation);

    IBranch IGenerator.Start(string problem)
    {
        Count();
        return new Branch(this, "", 0, -1);
    }

    IVerification IVerifier.Start(string problem)
    {
        Count();
        return new Verification(this);
    }

    private static Func<Request, GeneratedText> Serve(GeneratedText[] outputs)
    {
        var queue = new Queue<GeneratedText>(outputs);
        return request => queue.TryDequeue(out GeneratedText text) ? text : throw new InvalidOperationException($"nothing scripted for {request}");
    }

    private static double[] ScoreByDigits(string answer)
    {
        double score = 0;
        return [.. answer.Split("\n\n").Select(ScoreOf)];

        double ScoreOf(string piece)
        {
            char digit = piece.LastOrDefault(char.IsAsciiDigit, '\0');
            return score = digit == '\0' ? score : (digit - '0') / 10.0;
        }
    }

    private GeneratedText Next(Request request) => next(request);

    private void Count()
    {
        int number = Calls++;
        OnCall?.Invoke(number);
        if (number == FailAt) throw new InvalidOperationException($"call {number} fails");
    }

    private async Task WaitAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (Yields) await Task.Delay(1, cancellation);
    }

    private sealed class Branch : IBranch
    {
        private readonly FakeModel _model;
        private readonly int _beam;
        private bool _disposed;

        private readonly string? _revised;
        private readonly string? _said;

        public Branch(FakeModel model, string text, int tokens, int beam, string? revised = null, string? said = null)
        {
            (_model, Text, GeneratedTokens, _beam, _revised, _said) = (model, text, tokens, beam, revised, said);
            Interlocked.Increment(ref _model._liveBranches);
        }

        public string Text { get; private set; }

        public int GeneratedTokens { get; private set; }

        public IBranch Fork(int beam)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _model.Count();
            return new Branch(_model, Text, GeneratedTokens, beam, _revised, _said);
        }

        public IBranch? Revise(string request, int beam)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _model.Count();
            return Text.Length > _model.MostRevised ? null : new Branch(_model, "", 0, beam, Text, request);
        }

        public async Task<GeneratedText> GenerateAsync(GenerationOptions options, CancellationToken cancellation = default)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _model.Count();
            _model.MostBranchesGenerating = Math.Max(_model.MostBranchesGenerating, _model.LiveBranches);
            var request = new Request(Text, _beam, options, _revised, _said);
            _model.Requests.Add(request);
            GeneratedText generated = _model.Next(request);
            await _model.WaitAsync(cancellation);
            Assert.False(_disposed, "disposed while generating");
            Text += generated.Text;
            GeneratedTokens += generated.Tokens;
            return generated;
        }

        public void Dispose()
        {
            if (!_disposed) Interlocked.Decrement(ref _model._liveBranches);
            _disposed = true;
        }
    }

    private sealed class Verification : IVerification
    {
        private readonly FakeModel _model;
        private bool _busy;
        private bool _disposed;

        public Verification(FakeModel model)
        {
            _model = model;
            Interlocked.Increment(ref _model._liveVerifications);
        }

        public IVerification Fork()
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _model.Count();
            return new Verification(_model);
        }

        public async Task<IReadOnlyList<double>> ScoreAsync(string answer, CancellationToken cancellation = default)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _model.Count();
            _model.MostVerificationsScoring = Math.Max(_model.MostVerificationsScoring, _model.LiveVerifications);
            _model.Scored.Add(answer);
            Assert.False(_busy, "scores two answers at once");
            _busy = true;
            await _model.WaitAsync(cancellation);
            _busy = false;
            Assert.False(_disposed, "disposed while scoring");
            return _model.Score(answer);
        }

        public void Dispose()
        {
            if (!_disposed) Interlocked.Decrement(ref _model._liveVerifications);
            _disposed = true;
        }
    }
}
