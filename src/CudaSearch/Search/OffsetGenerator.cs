using CudaSearch.Engine;

namespace CudaSearch.Search;

/// <summary>A generator whose forks draw from later random streams, so that a second search of a problem does not repeat the first.</summary>
internal sealed class OffsetGenerator(IGenerator inner, int offset) : IGenerator
{
    /// <inheritdoc/>
    public IBranch Start(string problem) => new Branch(inner.Start(problem), offset);

    private sealed class Branch(IBranch inner, int offset) : IBranch
    {
        public string Text => inner.Text;

        public int GeneratedTokens => inner.GeneratedTokens;

        public IBranch Fork(int stream) => new Branch(inner.Fork(stream + offset), offset);

        public IBranch? Revise(string request, int stream) => inner.Revise(request, stream + offset) is { } revision ? new Branch(revision, offset) : null;

        public Task<GeneratedText> GenerateAsync(GenerationOptions options, CancellationToken cancellation) => inner.GenerateAsync(options, cancellation);

        public void Dispose() => inner.Dispose();
    }
}
