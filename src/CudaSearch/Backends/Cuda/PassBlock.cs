using System.Runtime.InteropServices;
using CudaSearch.Cache;

namespace CudaSearch.Backends.Cuda;

/// <summary>
/// Writes a <see cref="StepBatch"/> as the pass block of <c>kernels/common/pass.cuh</c>: an int32 header of counts and section offsets, then the sections.
/// The two files must agree.
/// </summary>
internal static class PassBlock
{
    private const int SamplingWords = 8;
    private const int TileWords = 4;

    /// <summary>Words of the header, in order.</summary>
    private enum Word
    {
        Rows, Outputs, Sampled, Rewarded, Copies, Units, Tiles,
        TokenIds, Positions, Slots, OutputRows, SampledOutputs, Sampling, RewardedOutputs, CopyList, UnitList, Pages, UnitRows, RowPartials, PartialKeys, TileList,
        TilePages, FirstDraws,
        Count,
    }

    /// <summary>Prefill tiles that the spans outside of the plan make.</summary>
    public static int TilesOf(StepBatch batch, AttentionShape shape) => TilesOf(batch, AttendPrefillKernel.TileRows(shape.Heads, shape.KvHeads));

    /// <summary>Words that suffice <see cref="Write"/> for this batch.</summary>
    public static int WordsFor(StepBatch batch, AttentionShape shape)
    {
        AttentionPlan plan = batch.Plan;
        int tileRows = AttendPrefillKernel.TileRows(shape.Heads, shape.KvHeads);
        int units = WorkUnits.MostUnits(plan, AttendRangesKernel.UnitRows(shape.Heads, shape.KvHeads));
        int words = (int)Word.Count + 4 * batch.RowCount + 1 + 2 * batch.OutputRows.Length + 1 + batch.Sampled.Length * (1 + SamplingWords) + batch.Rewarded.Length;
        words += batch.Copies.Length * 2 + units * WorkUnits.UnitWords + plan.Pages.Length + plan.VisitCount * WorkUnits.RowWords + plan.PartialCount;
        foreach (ref readonly QuerySpan span in batch.UnplannedSpans)
            words += TilesOf(span, tileRows) * TileWords + PagePool.PagesFor(span.FirstPosition + span.RowCount);
        return words;
    }

    /// <summary>Writes the block.</summary>
    /// <param name="batch">Completed.</param>
    /// <param name="shape">The geometry of attention: how many rows go to a block.</param>
    /// <param name="block">At least <see cref="WordsFor"/> words.</param>
    /// <returns>Words written.</returns>
    public static int Write(StepBatch batch, AttentionShape shape, Span<int> block)
    {
        AttentionPlan plan = batch.Plan;
        var writer = new Writer(block);
        block[(int)Word.Rows] = batch.RowCount;
        block[(int)Word.Outputs] = batch.OutputRows.Length;
        block[(int)Word.Sampled] = batch.Sampled.Length;
        block[(int)Word.Rewarded] = batch.Rewarded.Length;
        block[(int)Word.Copies] = batch.Copies.Length;
        writer.Add(Word.TokenIds, batch.TokenIds);
        writer.Add(Word.Positions, batch.Positions);
        writer.Add(Word.Slots, batch.Slots);
        writer.Add(Word.OutputRows, batch.OutputRows);
        writer.Add(Word.SampledOutputs, batch.Sampled);
        WriteSampling(batch.Sampling, writer.Take(Word.Sampling, batch.Sampled.Length * SamplingWords));
        writer.Add(Word.RewardedOutputs, batch.Rewarded);
        writer.Add(Word.CopyList, batch.Copies);
        block[(int)Word.Units] = WriteUnits(plan, AttendRangesKernel.UnitRows(shape.Heads, shape.KvHeads), ref writer);
        Span<int> partials = writer.Take(Word.RowPartials, batch.RowCount + 1);
        plan.RowPartials.CopyTo(partials);
        partials[plan.RowPartials.Length..].Fill(plan.PartialCount);
        writer.Add(Word.PartialKeys, plan.PartialKeys);
        block[(int)Word.Tiles] = WriteTiles(batch, AttendPrefillKernel.TileRows(shape.Heads, shape.KvHeads), ref writer);
        WriteFirstDraws(batch.Sampled, writer.Take(Word.FirstDraws, batch.OutputRows.Length + 1));
        return writer.Length;
    }

    private static int TilesOf(StepBatch batch, int tileRows)
    {
        int tiles = 0;
        foreach (ref readonly QuerySpan span in batch.UnplannedSpans) tiles += TilesOf(span, tileRows);
        return tiles;
    }

    private static int TilesOf(in QuerySpan span, int tileRows) => (span.RowCount + tileRows - 1) / tileRows;

    private static void WriteSampling(ReadOnlySpan<SamplingParameters> sampling, Span<int> words)
    {
        for (int i = 0; i < sampling.Length; i++)
        {
            SamplingParameters row = sampling[i];
            Span<int> to = words.Slice(i * SamplingWords, SamplingWords);
            to[0] = BitConverter.SingleToInt32Bits(row.Temperature);
            to[1] = BitConverter.SingleToInt32Bits(row.TopP);
            to[2] = row.TopK;
            to[3] = BitConverter.SingleToInt32Bits(row.MinP);
            to[4] = (int)(uint)row.Key;
            to[5] = (int)(uint)(row.Key >> 32);
            to[6] = row.WantsLogProbability ? 1 : 0;
            to[7] = 0;
        }
    }

    private static void WriteFirstDraws(ReadOnlySpan<int> sampled, Span<int> firstDraws)
    {
        int draw = 0;
        for (int output = 0; output < firstDraws.Length; output++)
        {
            while (draw < sampled.Length && sampled[draw] < output) draw++;
            firstDraws[output] = draw;
        }
    }

    private static int WriteUnits(AttentionPlan plan, int unitRows, ref Writer writer)
    {
        WorkUnits.Counts counts = WorkUnits.Count(plan, unitRows);
        (int units, int rows) = counts.Total;
        Span<WorkUnit> list = MemoryMarshal.Cast<int, WorkUnit>(writer.Take(Word.UnitList, units * WorkUnits.UnitWords));
        writer.Add(Word.Pages, plan.Pages);
        WorkUnits.Write(plan, unitRows, counts, list, MemoryMarshal.Cast<int, UnitRow>(writer.Take(Word.UnitRows, rows * WorkUnits.RowWords)));
        return units;
    }

    private static int WriteTiles(StepBatch batch, int tileRows, ref Writer writer)
    {
        int tiles = TilesOf(batch, tileRows), pages = 0;
        Span<int> list = writer.Take(Word.TileList, tiles * TileWords);
        writer.Take(Word.TilePages, 0);
        foreach (ref readonly QuerySpan span in batch.UnplannedSpans)
        {
            for (int row = 0; row < span.RowCount; row += tileRows)
            {
                list[0] = span.FirstRow + row;
                list[1] = Math.Min(tileRows, span.RowCount - row);
                list[2] = span.FirstPosition + row;
                list[3] = pages;
                list = list[TileWords..];
            }
            ReadOnlySpan<int> table = span.Table.Pages[..PagePool.PagesFor(span.FirstPosition + span.RowCount)];
            writer.Append(table);
            pages += table.Length;
        }
        return tiles;
    }

    /// <summary>Sections, one behind the other.</summary>
    private ref struct Writer(Span<int> block)
    {
        private readonly Span<int> _block = block;

        public int Length { get; private set; } = (int)Word.Count;

        /// <summary>Begins a section and reserves its words.</summary>
        public Span<int> Take(Word section, int words)
        {
            _block[(int)section] = Length;
            Length += words;
            return _block[(Length - words)..Length];
        }

        public void Add<T>(Word section, ReadOnlySpan<T> values)
            where T : unmanaged
        {
            ReadOnlySpan<int> words = MemoryMarshal.Cast<T, int>(values);
            words.CopyTo(Take(section, words.Length));
        }

        /// <summary>Continues the last section.</summary>
        public void Append(ReadOnlySpan<int> words)
        {
            words.CopyTo(_block[Length..]);
            Length += words.Length;
        }
    }
}
