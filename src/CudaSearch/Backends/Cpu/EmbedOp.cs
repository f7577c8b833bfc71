namespace CudaSearch.Backends.Cpu;

/// <summary>output[row] = table[token of the row], widened to float32.</summary>
internal static unsafe class EmbedOp
{
    public static void Run(CpuWeight table, StepBatch batch, RowSpan rows, CpuTensor output)
    {
        ReadOnlySpan<int> tokens = batch.TokenIds;
        for (int row = rows.First; row < rows.End; row++)
        {
            byte* source = table.Data + (long)tokens[row] * table.Columns * table.ElementSize;
            float* destination = output.Row(row);
            if (table.IsBFloat16)
            {
                for (int i = 0; i < table.Columns; i++) destination[i] = BFloat16.ToSingle(((ushort*)source)[i]);
            }
            else
            {
                new ReadOnlySpan<float>(source, table.Columns).CopyTo(new Span<float>(destination, table.Columns));
            }
        }
    }
}
