using CudaSearch.Checkpoints;

namespace CudaSearch.Tests.Model;

/// <summary>
/// The forward pass of llama, qwen2 and mistral, slow and obvious, in double precision: the judge of the fast ones. No batch, no
/// cache; every position attends to all positions up to itself. Written from the models' definition, it shares nothing with the
/// library but the checkpoint it reads.
/// </summary>
internal sealed class ReferenceTransformer(Checkpoint checkpoint)
{
    private readonly ModelConfig _config = checkpoint.Config;
    private readonly Dictionary<string, double[]> _weights = [];

    /// <summary>Logits of every position: [position][vocabulary].</summary>
    public double[][] Logits(IReadOnlyList<int> tokens)
    {
        string head = _config.TieWordEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight";
        return [.. HiddenStates(tokens).Select(state => Linear(head, state, _config.VocabSize))];
    }

    /// <summary>The hidden states after the last norm, which the output matrix or a reward head is applied to: [position][hidden].</summary>
    public double[][] HiddenStates(IReadOnlyList<int> tokens)
    {
        double[] embeddings = Weight("model.embed_tokens.weight");
        double[][] states = [.. tokens.Select(token => embeddings[(token * _config.HiddenSize)..((token + 1) * _config.HiddenSize)])];
        for (int layer = 0; layer < _config.NumHiddenLayers; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            double[][] attended = Attention(prefix + "self_attn.", [.. states.Select(x => RmsNorm(prefix + "input_layernorm.weight", x))]);
            states = [.. states.Zip(attended, Add)];
            states = [.. states.Select(x => Add(x, FeedForward(prefix + "mlp.", RmsNorm(prefix + "post_attention_layernorm.weight", x))))];
        }
        return [.. states.Select(x => RmsNorm("model.norm.weight", x))];
    }

    private double[][] Attention(string prefix, double[][] inputs)
    {
        int heads = _config.NumAttentionHeads, keyHeads = _config.NumKeyValueHeads, dim = _config.HeadDim;
        double[][] queries = [.. inputs.Select((x, position) => Rotate(Linear(prefix + "q_proj.weight", x, heads * dim), position))];
        double[][] keys = [.. inputs.Select((x, position) => Rotate(Linear(prefix + "k_proj.weight", x, keyHeads * dim), position))];
        double[][] values = [.. inputs.Select(x => Linear(prefix + "v_proj.weight", x, keyHeads * dim))];

        double[][] outputs = new double[inputs.Length][];
        for (int position = 0; position < inputs.Length; position++)
        {
            double[] mixed = new double[heads * dim];
            for (int head = 0; head < heads; head++)
            {
                int keyHead = head / (heads / keyHeads); // consecutive query heads share a key head
                double[] weights = new double[position + 1];
                for (int past = 0; past <= position; past++)
                {
                    for (int i = 0; i < dim; i++) weights[past] += queries[position][head * dim + i] * keys[past][keyHead * dim + i];
                    weights[past] /= Math.Sqrt(dim);
                }
                weights = SoftMax(weights);
                for (int past = 0; past <= position; past++)
                    for (int i = 0; i < dim; i++) mixed[head * dim + i] += weights[past] * values[past][keyHead * dim + i];
            }
            outputs[position] = Linear(prefix + "o_proj.weight", mixed, _config.HiddenSize);
        }
        return outputs;
    }

    private double[] FeedForward(string prefix, double[] x)
    {
        double[] gate = Linear(prefix + "gate_proj.weight", x, _config.IntermediateSize);
        double[] up = Linear(prefix + "up_proj.weight", x, _config.IntermediateSize);
        double[] gated = [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)];
        return Linear(prefix + "down_proj.weight", gated, _config.HiddenSize);
    }

    /// <summary>Turns each pair (i, i + dim/2) of every head by position × its inverse frequency.</summary>
    private double[] Rotate(double[] heads, int position)
    {
        int dim = _config.HeadDim, half = dim / 2;
        double[] turned = new double[heads.Length];
        for (int head = 0; head < heads.Length / dim; head++)
        {
            for (int i = 0; i < half; i++)
            {
                double angle = position * InverseFrequency(i);
                double a = heads[head * dim + i], b = heads[head * dim + i + half];
                turned[head * dim + i] = a * Math.Cos(angle) - b * Math.Sin(angle);
                turned[head * dim + i + half] = b * Math.Cos(angle) + a * Math.Sin(angle);
            }
        }
        return turned;
    }

    /// <summary>Llama 3's rule in terms of wavelengths, as it was published; the library computes it differently.</summary>
    public double InverseFrequency(int i)
    {
        double frequency = Math.Pow(_config.RopeTheta, -2.0 * i / _config.HeadDim);
        if (_config.RopeScaling is not { } scaling) return frequency;
        double wavelength = 2 * Math.PI / frequency;
        double longest = scaling.OriginalMaxPositionEmbeddings / scaling.LowFreqFactor;
        double shortest = scaling.OriginalMaxPositionEmbeddings / scaling.HighFreqFactor;
        if (wavelength < shortest) return frequency;
        if (wavelength > longest) return frequency / scaling.Factor;
        double smooth = (scaling.OriginalMaxPositionEmbeddings / wavelength - scaling.LowFreqFactor) / (scaling.HighFreqFactor - scaling.LowFreqFactor);
        return (1 - smooth) * frequency / scaling.Factor + smooth * frequency;
    }

    private double[] RmsNorm(string name, double[] x)
    {
        double[] gain = Weight(name);
        double scale = 1 / Math.Sqrt(x.Sum(v => v * v) / x.Length + _config.RmsNormEps);
        return [.. x.Zip(gain, (v, g) => v * scale * g)];
    }

    /// <summary>weight × x, plus the bias of the same name where the checkpoint has one.</summary>
    private double[] Linear(string name, double[] x, int rows)
    {
        double[] weight = Weight(name);
        Assert.Equal(rows * x.Length, weight.Length);
        string biasName = name.Replace(".weight", ".bias", StringComparison.Ordinal);
        double[]? bias = checkpoint.Contains(biasName) ? Weight(biasName) : null;
        double[] y = new double[rows];
        for (int row = 0; row < rows; row++)
        {
            double sum = bias?[row] ?? 0;
            for (int i = 0; i < x.Length; i++) sum += weight[row * x.Length + i] * x[i];
            y[row] = sum;
        }
        return y;
    }

    private double[] Weight(string name)
    {
        if (!_weights.TryGetValue(name, out double[]? weight))
            _weights[name] = weight = [.. checkpoint.Get(name).ToFloat32().Select(v => (double)v)];
        return weight;
    }

    private static double[] SoftMax(double[] scores)
    {
        double max = scores.Max();
        double[] powers = [.. scores.Select(s => Math.Exp(s - max))];
        double sum = powers.Sum();
        return [.. powers.Select(p => p / sum)];
    }

    private static double[] Add(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];
}
