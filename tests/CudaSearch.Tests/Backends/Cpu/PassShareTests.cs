using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Cache;
using CsCheck;

namespace CudaSearch.Tests.Backends.Cpu;

public sealed class PassShareTests
{
    [Fact]
    public void SharesHoldWholeSequencesAndEverythingThatIsWantedOfThem() =>
        Gen.Select(Gen.Int[1, 40].Array[1, 60], Gen.Int[1, 6], Gen.Int[0, 1000]).Sample((lengths, parts, seed) =>
        {
            StepBatch batch = BatchOf(lengths, new Random(seed));
            var shares = new PassShare[parts];
            if (!PassShare.TryCut(batch, shares)) return;
            int row = 0, output = 0, draw = 0, reward = 0;
            foreach (PassShare share in shares)
            {
                Assert.Equal((row, output, draw, reward), (share.Rows.First, share.Outputs.First, share.Draws.First, share.Rewards.First));
                (row, output, draw, reward) = (share.Rows.End, share.Outputs.End, share.Draws.End, share.Rewards.End);
                Assert.True(share.Rows.Count > 0);
                Assert.Contains(batch.Spans.ToArray(), span => span.FirstRow == share.Rows.First);
                foreach (int index in batch.OutputRows[share.Outputs.First..share.Outputs.End]) Assert.InRange(index, share.Rows.First, share.Rows.End - 1);
                foreach (int index in batch.Sampled[share.Draws.First..share.Draws.End]) Assert.InRange(index, share.Outputs.First, share.Outputs.End - 1);
                foreach (int index in batch.Rewarded[share.Rewards.First..share.Rewards.End]) Assert.InRange(index, share.Outputs.First, share.Outputs.End - 1);
            }
            Assert.Equal((batch.RowCount, batch.OutputRows.Length, batch.Sampled.Length, batch.Rewarded.Length), (row, output, draw, reward));
        });

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void EqualSequencesAreCutEvenly(int parts)
    {
        var shares = new PassShare[parts];
        Assert.True(PassShare.TryCut(BatchOf([.. Enumerable.Repeat(1, 8 * parts)], new Random(1)), shares));
        Assert.All(shares, share => Assert.Equal(8, share.Rows.Count));
    }

    [Fact]
    public void OneLongSequenceAmongShortOnesIsNotCut()
    {
        var shares = new PassShare[2];
        Assert.False(PassShare.TryCut(BatchOf([400, 1, 1, 1, 1, 1, 1, 1], new Random(1)), shares));
        Assert.False(PassShare.TryCut(BatchOf([400], new Random(1)), shares));
    }

    [Fact]
    public void OutputsOutOfOrderAreNotCut()
    {
        StepBatch batch = BatchOf([.. Enumerable.Repeat(2, 20)], new Random(1), outputs: false);
        batch.AddLogits(30);
        batch.AddLogits(3);
        Assert.False(PassShare.TryCut(batch, new PassShare[2]));
    }

    private static StepBatch BatchOf(int[] lengths, Random random, bool outputs = true)
    {
        var pool = new PagePool(lengths.Sum(PagePool.PagesFor));
        var batch = new StepBatch();
        foreach (int length in lengths)
        {
            var table = new PageTable(pool);
            table.TryAppend(length, out _);
            int first = batch.AddSequence(new int[length], 0, table);
            for (int row = first; outputs && row < batch.RowCount; row++)
            {
                int kind = random.Next(6);
                if (kind == 0) batch.AddReward(row);
                if (kind == 1) batch.AddLogits(row);
                for (int twin = random.Next(3); kind == 2 && twin >= 0; twin--) batch.AddSample(row, default);
            }
        }
        return batch;
    }
}
