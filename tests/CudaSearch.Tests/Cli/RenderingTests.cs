using CudaSearch.Cli.Rendering;
using CudaSearch.Engine;
using CudaSearch.Search;

namespace CudaSearch.Tests.Cli;

/// <summary>The drawn tree and what becomes of a model's text in it.</summary>
public sealed class RenderingTests
{
    private const string Closing = @"Therefore, the final answer is: $\boxed{8}$. I hope it is correct.";

    private readonly SearchTree _tree = new();
    private readonly StepGroups _groups = new();

    public RenderingTests() => _tree.Changed += node => _groups.Update(node);

    [Fact]
    public void EqualStepsAreOneLineAndOnlyForksTakeWidth()
    {
        SearchNode a = Scored(null, "## Step 1: Add\n5+3=8\n\n", 0.9), b = Scored(null, "## Step 1: Add\n5+3=8\n\n", 0.9), wrong = Scored(null, "## Step 1: Add\n5+3=9\n\n", 0.1);
        _tree.Decide(b, NodeState.Pruned, DecisionReason.Outscored);
        _tree.Decide(wrong, NodeState.Pruned, DecisionReason.Outscored);
        SearchNode end = Scored(a, Closing, 0.95);
        _tree.Decide(end, NodeState.Finished, DecisionReason.EndOfSequence);
        Assert.Equal(
            [
                "├─ █ 0.90 ×2 Add · 5+3=8",
                "│  ✓ 0.95 ⇒ 8",
                "└─ ✗ 0.10 Add · 5+3=9",
            ],
            Lines(10));
        Assert.Equal(1, _groups.Finished);
        _groups.Root.Choose(a.Step + Closing);
        Assert.True(_groups.Root.Children[0].Children[0].IsChosen);
        Assert.False(_groups.Root.Children[1].IsChosen);
    }

    [Fact]
    public void OfTheGivenUpTheBestAreShownAsLongAsTheyFit()
    {
        for (int i = 0; i < 6; i++) _tree.Decide(Scored(null, $"step {i}\n\n", i / 10.0), NodeState.Pruned, DecisionReason.Outscored);
        Assert.Equal(["├─ ✗ 0.30 step 3", "├─ ✗ 0.40 step 4", "├─ ✗ 0.50 step 5", "└─ 3 more given up, at most 0.20"], Lines(10));
        Assert.Equal(["├─ ✗ 0.50 step 5", "└─ 5 more given up, at most 0.40"], Lines(2));
        Assert.Equal(["└─ 6 more given up, at most 0.50"], Lines(1));
        for (int i = 0; i < 6; i++) Scored(null, $"other {i}\n\n", 0.5);
        Assert.Equal(["├─ ▅ 0.50 other 0", "├─ ▅ 0.50 other 1", "… 5 more lines"], Lines(3));
    }

    [Theory]
    [InlineData("## Step 12: Multiply both sides\n  x = 3\n\n", "Multiply both sides · x = 3")]
    [InlineData("\u001b[31mred\u0007\r\n[bold]", " [31mred  · [bold]")]
    [InlineData("\n\n", "(nothing)")]
    public void AHeadlineIsOneHarmlessLine(string step, string expected) => Assert.Equal(expected, StepText.Headline(step));

    [Theory]
    [InlineData("abcdef", 6, "abcdef")]
    [InlineData("abcdef", 5, "abcd…")]
    [InlineData("数学数学", 8, "数学数学")]
    [InlineData("数学数学", 6, "数学…")]
    public void ALineIsCutToItsColumns(string line, int columns, string expected) => Assert.Equal(expected, StepText.Fit(line, columns));

    [Fact]
    public void TheMeterTellsTheRateOfTheLastSecondAndWhatSharingSaves()
    {
        var clock = new HandClock();
        EngineStatus[] engines = [new(0, 100, 0, 0, 64), new(0, 0, 0, 0, 64)];
        var meter = new SearchMeter(() => engines, clock);
        clock.Advance(0.5);
        engines = [new(1, 150, 30, 80, 64), new(1, 0, 10, 20, 64)];
        Assert.Equal("100 tokens/s · 40 pages, 60 % shared", meter.Describe());
        clock.Advance(1);
        engines[0] = engines[0] with { DrawnTokens = 450 };
        Assert.Equal("300 tokens/s · 40 pages, 60 % shared", meter.Describe());
        clock.Advance(5);
        engines = [new(2, 450, 3, 3, 64)];
        Assert.Equal("0 tokens/s · 3 pages", meter.Describe());
    }

    private IEnumerable<string> Lines(int maxLines) => TreeLines.Of(_groups.Root, maxLines).Select(TreeText.Plain);

    private SearchNode Scored(SearchNode? parent, string text, double score)
    {
        SearchNode node = _tree.Add(parent, 0, text);
        _tree.Score(node, score, [score]);
        return node;
    }

    private sealed class HandClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(double seconds) => _ticks += (long)(seconds * TimeSpan.TicksPerSecond);
    }
}
