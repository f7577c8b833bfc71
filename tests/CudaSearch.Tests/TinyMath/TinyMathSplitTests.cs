using CudaSearch.TinyMath;

namespace CudaSearch.Tests.TinyMath;

/// <summary>Training never sees a held-out problem, and the held-out problems never change.</summary>
public sealed class TinyMathSplitTests
{
    [Fact]
    public void Splits_share_no_problem()
    {
        var texts = new Dictionary<TinyMathSplit, HashSet<string>>();
        foreach (var split in Enum.GetValues<TinyMathSplit>())
        {
            // The exporter's own seed, and the same one for every split: the draws are the same, only the texts decide.
            var generator = new TinyMathGenerator(1);
            var seen = texts[split] = [];
            for (var i = 0; i < 300; i++)
            {
                foreach (var subject in TinyMathGenerator.Subjects)
                {
                    for (var level = 1; level <= TinyMathGenerator.Levels; level++)
                        seen.Add(generator.Next(subject, level, split).Problem);
                }
            }
        }

        Assert.All(texts.Values, seen => Assert.True(seen.Count > 5000));
        Assert.Empty(texts[TinyMathSplit.Train].Intersect(texts[TinyMathSplit.HeldOut]));
        Assert.Empty(texts[TinyMathSplit.Train].Intersect(texts[TinyMathSplit.Validation]));
        Assert.Empty(texts[TinyMathSplit.Validation].Intersect(texts[TinyMathSplit.HeldOut]));
        Assert.Empty(texts[TinyMathSplit.Train].Intersect(TinyMathDataset.HeldOut().Select(problem => problem.Problem)));
    }

    [Fact]
    public void Held_out_has_ten_distinct_problems_a_subject_and_level()
    {
        var problems = TinyMathDataset.HeldOut();
        Assert.Equal(350, problems.Select(problem => problem.Problem).Distinct().Count());
        Assert.Equal(350, problems.Select(problem => problem.UniqueId).Distinct().Count());
        Assert.All(problems, problem => Assert.Equal(TinyMathSplit.HeldOut, TinyMathSplits.Of(problem.Problem)));
        var cells = problems.GroupBy(problem => (problem.Subject, problem.Level)).ToList();
        Assert.Equal(35, cells.Count);
        Assert.All(cells, cell => Assert.Equal(10, cell.Count()));
        Assert.All(TinyMathDataset.Validation(), problem => Assert.Equal(TinyMathSplit.Validation, TinyMathSplits.Of(problem.Problem)));
    }

    [Fact]
    public void Held_out_texts_never_change()
    {
        var text = string.Join('\n', TinyMathDataset.HeldOut().Select(problem => $"{problem.UniqueId}|{problem.Problem}|{problem.Solution}"));
        Assert.Equal("8f000f8b305936c0", $"{TinyMathSplits.Hash(text):x16}");
    }

    [Fact]
    public void Hash_is_folded_fnv1a()
    {
        // The published FNV-1a values of "" and "foobar", before folding.
        Assert.Equal(0xCBF29CE484222325UL ^ 0xCBF29CE4UL, TinyMathSplits.Hash(""));
        Assert.Equal(0x85944171F73967E8UL ^ 0x85944171UL, TinyMathSplits.Hash("foobar"));
    }
}
