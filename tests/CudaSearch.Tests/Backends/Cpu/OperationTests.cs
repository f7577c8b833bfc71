using CudaSearch.Backends;
using CudaSearch.Backends.Cpu;
using CudaSearch.Cache;
using CudaSearch.Checkpoints;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Backends.Cpu;

/// <summary>Each operation against double precision, at the edges of its tiles, on every vector path. Outputs begin as NaN.</summary>
public sealed class OperationTests : IDisposable
{
    private static readonly int[] s_rows = [1, 2, 3, 4, 5, 8, 9];
    private static readonly int[] s_columns = [1, 2, 3, 5, 31, 33, 63, 64, 65];

    private readonly TempFolder _folder = new();
    private readonly Random _random = new(1);
    private readonly List<IDisposable> _open = [];

    public static TheoryData<string, ElementType> Paths()
    {
        var data = new TheoryData<string, ElementType>();
        foreach (string path in CpuBackend.Paths)
            foreach (ElementType type in (ElementType[])[ElementType.F32, ElementType.BF16, ElementType.F16]) data.Add(path, type);
        return data;
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void LinearIsTheMatrixProduct(string path, ElementType type)
    {
        using IBackend backend = CpuBackend.Create(2, path);
        foreach (int length in (int[])[1, 7, 16, 37, 64, 101])
        {
            foreach (int columns in s_columns)
            {
                (DeviceWeight weight, float[] w) = Weight(backend, type, columns, length);
                (DeviceWeight bias, float[] b) = Weight(backend, type, 1, columns);
                foreach (int rows in (int[])[.. s_rows, 65])
                {
                    using DeviceTensor input = Tensor(backend, rows, length, out float[] given), output = Poisoned(backend, rows + 1, columns);
                    float[] x = AsMultiplied(given, path, type);
                    using CpuResidual residual = Residual(backend, rows + 1, columns, out float[] old);
                    backend.Linear(input, weight, bias, All(rows), output);
                    backend.LinearAdd(input, weight, Batches.Of(rows), residual, next: null);
                    for (int r = 0; r < rows; r++)
                    {
                        for (int c = 0; c < columns; c++)
                        {
                            double product = Dot(x, r, w, c, length);
                            Close(product + b[c], output, r, c);
                            Close(product + old[r * columns + c], residual.Sums, r, c);
                        }
                    }
                    AssertUntouched(output, rows);
                    for (int c = 0; c < columns; c++) Assert.Equal(old[rows * columns + c], ValueOf(residual.Sums, rows, c));
                }
            }
        }
    }

    // Large matrices are copied into large pages where the system has them, in several parts; small ones stay in the file.
    [Theory]
    [MemberData(nameof(Paths))]
    public void ALargeMatrixGivesWhatItsRowsGiveAlone(string path, ElementType type)
    {
        const int Length = 801, Columns = 2700;
        using IBackend backend = CpuBackend.Create(2, path);
        (DeviceWeight weight, float[] w) = Weight(backend, type, Columns, Length);
        using DeviceTensor input = Tensor(backend, 3, Length, out _), output = Poisoned(backend, 3, Columns);
        backend.Linear(input, weight, null, All(3), output);
        foreach (int column in (int[])[0, 1, 1307, 1308, 2698, 2699])
        {
            string file = _folder.File($"row-{column}.safetensors");
            SafeTensorsWriter.Write(file, TensorData.Of("w", type, [1, Length], w.AsSpan(column * Length, Length)));
            using var row = SafeTensorsFile.Open(file);
            using DeviceWeight alone = backend.LoadWeight(row.Tensors["w"], Axis.Plain(1), Axis.Plain(Length));
            using DeviceTensor single = Poisoned(backend, 3, 1);
            backend.Linear(input, alone, null, All(3), single);
            for (int r = 0; r < 3; r++) Assert.Equal(ValueOf(single, r, 0), ValueOf(output, r, column));
        }
        weight.Dispose();
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void GatedLinearIsSiluTimesUp(string path, ElementType type)
    {
        using IBackend backend = CpuBackend.Create(2, path);
        const int Length = 21;
        foreach (int columns in s_columns)
        {
            (DeviceWeight gate, float[] g) = Weight(backend, type, columns, Length);
            (DeviceWeight up, float[] u) = Weight(backend, type, columns, Length);
            foreach (int rows in s_rows)
            {
                using CpuResidual residual = Residual(backend, rows, Length, out float[] given);
                using DeviceTensor output = Poisoned(backend, rows + 1, columns);
                Copy(given, residual.Normed);
                float[] x = AsMultiplied(given, path, type);
                backend.GatedLinear(residual, gate, up, Batches.Of(rows), output);
                for (int r = 0; r < rows; r++)
                {
                    for (int c = 0; c < columns; c++)
                    {
                        double gated = Dot(x, r, g, c, Length);
                        Close(gated / (1 + Math.Exp(-gated)) * Dot(x, r, u, c, Length), output, r, c);
                    }
                }
                AssertUntouched(output, rows);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void RmsNormDividesByTheRootMeanSquare(string path, ElementType type)
    {
        using IBackend backend = CpuBackend.Create(2, path);
        foreach (int columns in s_columns)
        {
            (DeviceWeight weight, float[] w) = Weight(backend, type, 1, columns);
            (DeviceWeight product, _) = Weight(backend, ElementType.F32, columns, 1);
            var norm = new RmsNorm(weight, 1e-5f);
            foreach (int rows in (int[])[.. s_rows, 33])
            {
                using CpuResidual residual = Residual(backend, rows + 1, columns, out float[] x);
                using DeviceTensor zeros = Fill(backend, rows, 1, _ => 0f), output = Poisoned(backend, rows + 1, columns);
                Copy([.. Enumerable.Repeat(float.NaN, residual.Normed.Rows * columns)], residual.Normed);
                StepBatch batch = Batches.Of(rows);
                for (int r = rows - 1; r >= 0; r--) batch.AddLogits(r);
                backend.LinearAdd(zeros, product, batch, residual, norm);
                backend.RmsNormOutputRows(residual, norm, batch, output);
                for (int r = 0; r < rows; r++)
                {
                    double scale = 1 / Math.Sqrt(x.Skip(r * columns).Take(columns).Average(v => (double)v * v) + 1e-5);
                    for (int c = 0; c < columns; c++)
                    {
                        Close(x[r * columns + c] * scale * w[c], residual.Normed, r, c);
                        // The outputs are in the order in which they were asked for.
                        Assert.Equal(ValueOf(residual.Normed, r, c), ValueOf(output, rows - 1 - r, c));
                    }
                }
                AssertUntouched(residual.Normed, rows);
                AssertUntouched(output, rows);
            }
        }
    }

    [Theory]
    [InlineData(3, 1, 1)]
    [InlineData(4, 2, 10)]
    [InlineData(6, 2, 24)]
    [InlineData(2, 2, 34)]
    [InlineData(5, 5, 64)]
    public void AttentionIsTheSoftmaxOverThePast(int heads, int kvHeads, int headDim)
    {
        foreach (string path in CpuBackend.Paths)
        {
            foreach (int threads in (int[])[1, 3]) Attend(path, threads, new AttentionShape(heads, kvHeads, headDim), KvPrecision.Native, stemTokens: 70, 1, 9, 130);
        }
    }

    // The third segment is where the second joins the first.
    [Theory]
    [InlineData(4, 2, 10)]
    [InlineData(4, 2, 16)]
    [InlineData(2, 1, 64)]
    public void AttentionReachesOverManySegments(int heads, int kvHeads, int headDim)
    {
        foreach (string path in CpuBackend.Paths)
        {
            Attend(path, 2, new AttentionShape(heads, kvHeads, headDim), KvPrecision.Native, stemTokens: 1020, 1, 70, 530);
            Attend(path, 2, new AttentionShape(heads, kvHeads, headDim), KvPrecision.Fp8, stemTokens: 1020, 1, 70, 530);
        }
    }

    // Keys and values written as they come, without rotation; a stem and three forks of different lengths, their last tokens in one pass.
    private void Attend(string path, int threads, AttentionShape shape, KvPrecision precision, int stemTokens, params int[] forkTokens)
    {
        using IBackend backend = CpuBackend.Create(threads, path);
        var pool = new PagePool(128);
        using KvCache cache = backend.AllocateCache(new KvShape(1, 128, shape.KvHeads, shape.HeadDim, precision));
        var rope = new RopeTable(new double[shape.HeadDim / 2]);
        int width = shape.Heads * shape.HeadDim, kvWidth = shape.KvHeads * shape.HeadDim, hidden = width + 2 * kvWidth;
        // Queries, keys and values are what the normed row consists of.
        var parts = new QueryKeyValue<TensorView>(Part(0, width), Part(width, kvWidth), Part(width + kvWidth, kvWidth));
        using AttentionProjection projection = backend.LoadProjection(parts, biases: null, shape, Axis.Plain(hidden));
        var stem = new PageTable(pool);
        var batch = new StepBatch();
        List<(float[] Key, float[] Value)> stemPast = [];
        Pass([(stem, stemTokens, stemPast)]);
        (PageTable, int, List<(float[], float[])>)[] forks = [.. forkTokens.Select(n => (stem.Fork(), n, stemPast.ToList()))];
        Pass(forks);
        Pass([.. forks.Select(fork => (fork.Item1, 1, fork.Item3))]);

        void Pass((PageTable Table, int Count, List<(float[] Key, float[] Value)> Past)[] sequences)
        {
            batch.Clear();
            foreach ((PageTable table, int count, _) in sequences)
            {
                int first = table.Length;
                Assert.True(table.TryAppend(count, out PageCopy? copy));
                if (copy is { } needed) batch.AddCopy(needed);
                batch.AddSequence(new int[count], first, table);
            }
            batch.Complete();
            int rows = batch.RowCount;
            using CpuResidual residual = Residual(backend, rows, hidden, out float[] x, 3f);
            using DeviceTensor queries = Poisoned(backend, rows, width), output = Poisoned(backend, rows + 1, width);
            using AttentionWorkspace workspace = backend.AllocateWorkspace(shape, rows);
            Copy(x, residual.Normed);
            float[] q = Columns(x, 0, width), k = Columns(x, width, kvWidth), v = Columns(x, width + kvWidth, kvWidth);
            backend.CopyPages(cache, batch);
            backend.ProjectAndAppend(residual, projection, rope, shape, batch, cache, 0, workspace, queries);
            backend.Attend(queries, shape, batch, cache, 0, workspace, output);
            int row = 0;
            foreach ((PageTable _, int count, List<(float[] Key, float[] Value)> past) in sequences)
            {
                for (int i = 0; i < count; i++, row++)
                {
                    past.Add((Kept(k[(row * kvWidth)..((row + 1) * kvWidth)]), Kept(v[(row * kvWidth)..((row + 1) * kvWidth)])));
                    CheckRow(past, q, row, output, shape);
                }
            }
            AssertUntouched(output, rows);
        }

        float[] Kept(float[] heads) => precision == KvPrecision.Native
            ? heads
            : [.. heads.Chunk(shape.HeadDim).SelectMany(head => E4M3Reference.RoundedKv(head)).Select(value => (float)value)];
        TensorView Part(int first, int count) => Stored(
            ElementType.F32, [count, hidden], [.. Enumerable.Range(0, count * hidden).Select(i => i % hidden == first + i / hidden ? 1f : 0f)]);
        float[] Columns(float[] x, int first, int count) =>
            [.. Enumerable.Range(0, x.Length / hidden * count).Select(i => x[i / count * hidden + first + i % count])];
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void RewardIsTheSigmoidOfADifferenceOrOfOneRow(string path, ElementType type)
    {
        using IBackend backend = CpuBackend.Create(2, path);
        RewardRows[] heads =
            [new(2, 0), new(1, 2, Bias: 0.5f), new(2, 1, Bias: 0.5f, NegativeBias: -1f), new(1, null, Bias: -0.25f), new(0, 1, 0.5f, Rectify: true), new(2, null, 0, Rectify: true)];
        foreach (int length in (int[])[1, 7, 16, 37, 64])
        {
            (DeviceWeight weight, float[] w) = Weight(backend, type, 3, length);
            foreach (RewardRows head in heads)
            {
                using DeviceTensor hidden = Tensor(backend, 4, length, out float[] x);
                var batch = new StepBatch();
                foreach (int row in (int[])[3, 0, 2]) batch.AddReward(row);
                batch.Complete();
                backend.Reward(hidden, weight, head, batch);
                float[] inputs = head.Rectify ? [.. x.Select(value => Math.Max(value, 0))] : x;
                // An output row is the place of its addition, whichever row of the pass it is.
                for (int i = 0; i < batch.Rewards.Length; i++)
                {
                    double other = head.Negative is { } negative ? Dot(inputs, i, w, negative, length) : 0;
                    double logit = Dot(inputs, i, w, head.Positive, length) - other + head.Bias - head.NegativeBias;
                    Assert.Equal(1 / (1 + Math.Exp(-logit)), batch.Rewards[i], 1e-5);
                }
            }
        }
    }

    // By hand. bfloat16 has steps of 1/64 from 2 to 4, 1/32 to 8, 1/8 to 32, and 1/256 from 1/2 to 1; half precision 1/64 from 16 to 32 and 1/2048 from 1/2 to 1.
    // 5.6 and 5.8, and 6.3 and 9, tie only once they are rounded; 20.06 and 18.94 are 1 apart as 20 and 19, and 1.125 as 20.0625 and 18.9375.
    [Theory]
    [InlineData(RewardRounding.BFloat16, 3.14159f, 0f, 245 / 256f)]
    [InlineData(RewardRounding.BFloat16, 3.15f, 0f, 246 / 256f)]
    [InlineData(RewardRounding.BFloat16, 5.6f, 0f, 255 / 256f)]
    [InlineData(RewardRounding.BFloat16, 5.8f, 0f, 255 / 256f)]
    [InlineData(RewardRounding.BFloat16, 6.3f, 0f, 1f)]
    [InlineData(RewardRounding.BFloat16, 9f, 0f, 1f)]
    [InlineData(RewardRounding.BFloat16, 20.06f, 18.94f, 187 / 256f)]
    [InlineData(RewardRounding.BFloat16, 0f, 0f, 0.5f)]
    [InlineData(RewardRounding.Float16, 20.06f, 18.94f, 1546 / 2048f)]
    [InlineData(RewardRounding.Float16, 9f, 0f, 1f)]
    [InlineData(RewardRounding.Float16, 6.3f, 0f, 2044 / 2048f)]
    [InlineData(RewardRounding.Float16, 5.8f, 0f, 2042 / 2048f)]
    public void RewardsAreRoundedLikeTheirLogits(RewardRounding rounding, float positive, float negative, float expected)
    {
        using IBackend backend = CpuBackend.Create(1);
        string path = _folder.File("logits.safetensors");
        SafeTensorsWriter.Write(path, TensorData.Of("w", ElementType.F32, [2, 1], [negative, positive]));
        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        DeviceWeight weight = backend.LoadWeight(file.Tensors["w"], Axis.Plain(2), Axis.Plain(1));
        using DeviceTensor one = Fill(backend, 1, 1, _ => 1f), zero = Fill(backend, 1, 1, _ => 0f);
        Assert.Equal(expected, Reward(one, new RewardRows(1, 0, Rounding: rounding)));
        // A bias is part of the logit that is rounded: with all of it in the bias the reward is the same.
        Assert.Equal(expected, Reward(zero, new RewardRows(1, 0, Bias: positive, NegativeBias: negative, Rounding: rounding)));
        Assert.Equal(1 / (1 + Math.Exp(negative - (double)positive)), Reward(one, new RewardRows(1, 0)), 1e-6);

        float Reward(DeviceTensor hidden, RewardRows rows)
        {
            var batch = new StepBatch();
            batch.AddReward(0);
            batch.Complete();
            backend.Reward(hidden, weight, rows, batch);
            return batch.Rewards[0];
        }
    }

    private static void CheckRow(List<(float[] Key, float[] Value)> past, float[] queries, int row, DeviceTensor output, AttentionShape shape)
    {
        for (int head = 0; head < shape.Heads; head++)
        {
            int at = head / (shape.Heads / shape.KvHeads) * shape.HeadDim, from = (row * shape.Heads + head) * shape.HeadDim;
            double[] weights = [.. past.Select(p => Enumerable.Range(0, shape.HeadDim).Sum(d => (double)queries[from + d] * p.Key[at + d]) / Math.Sqrt(shape.HeadDim))];
            double max = weights.Max();
            weights = [.. weights.Select(weight => Math.Exp(weight - max))];
            double sum = weights.Sum();
            for (int d = 0; d < shape.HeadDim; d++)
                Close(weights.Zip(past, (weight, p) => weight * p.Value[at + d]).Sum() / sum, output, row, head * shape.HeadDim + d);
        }
    }

    public void Dispose()
    {
        foreach (IDisposable file in _open) file.Dispose();
        _folder.Dispose();
    }

    private (DeviceWeight Weight, float[] Values) Weight(IBackend backend, ElementType type, int rows, int columns)
    {
        float[] values = [.. Enumerable.Range(0, rows * columns).Select(_ => 2 * _random.NextSingle() - 1)];
        TensorView view = Stored(type, [rows, columns], values);
        return (backend.LoadWeight(view, Axis.Plain(rows), Axis.Plain(columns)), view.ToFloat32());
    }

    private TensorView Stored(ElementType type, long[] shape, float[] values)
    {
        string path = _folder.File($"{_open.Count}.safetensors");
        SafeTensorsWriter.Write(path, TensorData.Of("w", type, shape, values));
        SafeTensorsFile file = SafeTensorsFile.Open(path);
        _open.Add(file);
        return file.Tensors["w"];
    }

    private CpuResidual Residual(IBackend backend, int rows, int columns, out float[] values, float scale = 1f)
    {
        var residual = (CpuResidual)backend.AllocateResidual(rows, Axis.Plain(columns));
        values = [.. Enumerable.Range(0, rows * columns).Select(_ => scale * (2 * _random.NextSingle() - 1))];
        Copy(values, residual.Sums);
        return residual;
    }

    private static unsafe void Copy(float[] values, CpuTensor to) => values.CopyTo(new Span<float>(to.Data, values.Length));

    private CpuTensor Tensor(IBackend backend, int rows, int columns, out float[] values, float scale = 1f)
    {
        float[] made = [.. Enumerable.Range(0, rows * columns).Select(_ => scale * (2 * _random.NextSingle() - 1))];
        values = made;
        return Fill(backend, rows, columns, i => made[i]);
    }

    private static CpuTensor Poisoned(IBackend backend, int rows, int columns) => Fill(backend, rows, columns, _ => float.NaN);

    private static unsafe CpuTensor Fill(IBackend backend, int rows, int columns, Func<int, float> value)
    {
        var tensor = (CpuTensor)backend.Allocate(rows, Axis.Plain(columns), ActivationType.Operand);
        for (int i = 0; i < rows * columns; i++) tensor.Data[i] = value(i);
        return tensor;
    }

    private static Rows All(int count) => new(RowSet.All, count);

    /// <summary>What a path multiplies: those of bf16 instructions round their input to bfloat16 (nearest, ties to even) where weights are bfloat16.</summary>
    private static float[] AsMultiplied(float[] x, string path, ElementType type) =>
        path.EndsWith("-bf16", StringComparison.Ordinal) && type == ElementType.BF16 ? [.. x.Select(RoundedToBFloat16)] : x;

    private static float RoundedToBFloat16(float value)
    {
        double unit = Math.ScaleB(1, Math.ILogB(value) - 7);
        return value == 0 ? 0 : (float)(Math.Round(value / unit, MidpointRounding.ToEven) * unit);
    }

    private static double Dot(float[] x, int row, float[] w, int column, int length)
    {
        double sum = 0;
        for (int i = 0; i < length; i++) sum += (double)x[row * length + i] * w[column * length + i];
        return sum;
    }

    private static unsafe float ValueOf(DeviceTensor tensor, int row, int column) => ((CpuTensor)tensor).Row(row)[column];

    private static unsafe void Close(double expected, DeviceTensor actual, int row, int column)
    {
        float value = ((CpuTensor)actual).Row(row)[column];
        if (!(Math.Abs(expected - value) <= 1e-5 * (1 + Math.Abs(expected)))) Assert.Fail($"row {row}, column {column}: {value}, not {expected}");
    }

    private static unsafe void AssertUntouched(DeviceTensor output, int row)
    {
        for (int c = 0; c < output.Columns; c++) Assert.True(float.IsNaN(((CpuTensor)output).Row(row)[c]), "a row beyond the last was written");
    }
}
