using System.Globalization;
using System.Text;
using CudaSearch.Checkpoints;

namespace CudaSearch.Tests.Checkpoints;

/// <summary>
/// Whatever a file holds, it loads or raises a <see cref="CudaSearchException"/>. Runs 2,000 mutations of each kind, or as many as
/// the environment variable CUDASEARCH_FUZZ says.
/// </summary>
public sealed class FuzzTests
{
    private const string Config = """
        {"model_type":"qwen2","hidden_size":64,"intermediate_size":96,"num_hidden_layers":2,"num_attention_heads":8,"num_key_value_heads":4,
        "head_dim":8,"vocab_size":100,"max_position_embeddings":512,"rms_norm_eps":1e-5,"rope_theta":500000.0,"hidden_act":"silu",
        "use_sliding_window":false,"sliding_window":32,"tie_word_embeddings":true,"bos_token_id":1,"eos_token_id":[2,3],"attention_bias":false,
        "rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":256}}
        """;

    // What a number, a string or a bracket may be replaced by.
    private static readonly string[] s_tokens =
    [
        "0", "-1", "1", "1e999", "-1e999", "1e-999", "0.5", "16777216", "2147483647", "2147483648", "9223372036854775807", "9223372036854775808",
        "18446744073709551616", "null", "true", "{}", "[]", "[[[[", "\"\"", "\"F16\"", "\"I64\"", "\"\\ud800\"", "\"\\u0000\"", ",", ":", "}", "]", "\"__metadata__\"",
    ];

    private static int Count => int.TryParse(Environment.GetEnvironmentVariable("CUDASEARCH_FUZZ"), CultureInfo.InvariantCulture, out int count) ? count : 2000;

    [Fact]
    public void MutatedSafeTensorsLoadOrAreRefused()
    {
        byte[] seed = SafeTensorsWriter.ToBytes(
        [
            TensorData.Of("model.embed_tokens.weight", ElementType.BF16, [4, 2], [1, 2, 3, 4, 5, 6, 7, 8]),
            TensorData.Of("b", ElementType.F32, [2, 1, 2], [1, 2, 3, 4]),
            TensorData.Of("c", ElementType.F16, [3], [1, 2, 3]),
        ]);
        using TempFolder folder = new();
        string path = folder.File("model.safetensors");
        Random random = new(20260101);
        int loaded = 0;
        for (int i = 0; i < Count; i++)
        {
            // Half of them keep the length before the header true, so that the mutation reaches the parser.
            byte[] mutant = i % 2 == 0 ? Mutate(seed, random) : MutateHeader(seed, random);
            File.WriteAllBytes(path, mutant);
            loaded += Attempt(mutant, () =>
            {
                using SafeTensorsFile file = SafeTensorsFile.Open(path);
                foreach (TensorView tensor in file.Tensors.Values) tensor.ToFloat32();
            });
        }
        Assert.InRange(loaded, Count / 100, Count - Count / 10); // both outcomes are met
    }

    [Fact]
    public void MutatedConfigsLoadOrAreRefused()
    {
        using TempFolder folder = new();
        string path = folder.File("config.json");
        byte[] seed = Encoding.UTF8.GetBytes(Config);
        Random random = new(20260102);
        int loaded = 0;
        for (int i = 0; i < Count; i++)
        {
            byte[] mutant = Mutate(seed, random);
            File.WriteAllBytes(path, mutant);
            loaded += Attempt(mutant, () => Assert.All(ModelConfig.Load(path).RopeInverseFrequencies(), f => Assert.InRange(f, 0, 1)));
        }
        Assert.InRange(loaded, Count / 100, Count - Count / 10);
    }

    private static int Attempt(byte[] mutant, Action load)
    {
        try
        {
            load();
            return 1;
        }
        catch (CudaSearchException e)
        {
            Assert.Equal(Failure.BadInput, e.Failure);
            Assert.InRange(e.Message.Length, 20, 2000);
            return 0;
        }
        catch (Exception e)
        {
            Assert.Fail($"{e}\nfor the file {Convert.ToBase64String(mutant)}");
            throw;
        }
    }

    private static byte[] MutateHeader(byte[] file, Random random)
    {
        int header = BitConverter.ToInt32(file);
        byte[] mutated = Mutate(file[8..(8 + header)], random);
        return [.. BitConverter.GetBytes((long)mutated.Length), .. mutated, .. file.AsSpan(8 + header)];
    }

    private static byte[] Mutate(byte[] seed, Random random)
    {
        List<byte> bytes = [.. seed];
        for (int changes = random.Next(1, 4); changes > 0 && bytes.Count > 0; changes--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(7))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2: // splice: a piece once more, elsewhere
                    bytes.InsertRange(at, Piece(bytes, random));
                    break;
                case 3:
                    bytes.RemoveRange(at, random.Next(1, Math.Min(16, bytes.Count - at) + 1));
                    break;
                case 4 when random.Next(4) == 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 5: // another digit
                    int digit = bytes.FindIndex(at, b => b is >= (byte)'0' and <= (byte)'9');
                    if (digit >= 0) bytes[digit] = (byte)('0' + random.Next(10));
                    break;
                default:
                    ReplaceToken(bytes, at, random);
                    break;
            }
        }
        return [.. bytes];
    }

    private static List<byte> Piece(List<byte> bytes, Random random)
    {
        int start = random.Next(bytes.Count);
        return bytes.GetRange(start, random.Next(1, Math.Min(64, bytes.Count - start) + 1));
    }

    // The next value after a colon, comma or bracket becomes another one.
    private static void ReplaceToken(List<byte> bytes, int at, Random random)
    {
        int start = bytes.FindIndex(at, b => ":,[".Contains((char)b)) + 1;
        if (start == 0) return;
        int end = start;
        while (end < bytes.Count && !",]}".Contains((char)bytes[end])) end++;
        bytes.RemoveRange(start, end - start);
        bytes.InsertRange(start, Encoding.UTF8.GetBytes(s_tokens[random.Next(s_tokens.Length)]));
    }
}
