using CudaSearch.Checkpoints;

namespace CudaSearch.Tests.Checkpoints;

public sealed class ModelConfigTests
{
    private const string Sizes = """ "hidden_size":64,"intermediate_size":96,"num_hidden_layers":2,"num_attention_heads":8,"vocab_size":100,"max_position_embeddings":512 """;

    // meta-llama/Llama-3.2-1B: entries 0, 6 (kept), 16 (blended) and 26 (slowed) of its 32 inverse frequencies, by transformers' formula.
    private static readonly double[] s_llama32 = [1.0, 0.08539710028576561, 0.00042955679655936815, 7.318749675440419e-07];

    [Fact]
    public void FillsInTheDefaults()
    {
        ModelConfig config = Parse("");
        Assert.Equal(("llama", 64, 96, 2, 8, 8, 8, 100, 512), (config.ModelType, config.HiddenSize, config.IntermediateSize, config.NumHiddenLayers,
            config.NumAttentionHeads, config.NumKeyValueHeads, config.HeadDim, config.VocabSize, config.MaxPositionEmbeddings));
        Assert.Equal((1e-6, 10000, null, false, false, null), (config.RmsNormEps, config.RopeTheta, config.RopeScaling, config.TieWordEmbeddings, config.QkvBias, config.BosTokenId));
        Assert.Empty(config.EosTokenIds);
    }

    [Fact]
    public void ReadsWhatIsGiven()
    {
        ModelConfig config = Parse("""
            "num_key_value_heads":2,"head_dim":16,"rms_norm_eps":1e-5,"rope_theta":500000,"tie_word_embeddings":true,
            "bos_token_id":0,"eos_token_id":[1,99],"hidden_act":"silu","attention_bias":false,"mlp_bias":null
            """);
        Assert.Equal((2, 16, 1e-5, 500000, true, 0), (config.NumKeyValueHeads, config.HeadDim, config.RmsNormEps, config.RopeTheta, config.TieWordEmbeddings, config.BosTokenId));
        Assert.Equal([1, 99], config.EosTokenIds);
        Assert.Equal([7], Parse("\"eos_token_id\":7").EosTokenIds);
    }

    [Fact]
    public void OnlyQwen2HasBiasesOnQueryKeyAndValue()
    {
        Assert.True(Parse("\"use_sliding_window\":false,\"sliding_window\":32", "qwen2").QkvBias);
        Assert.False(Parse("\"sliding_window\":null", "mistral").QkvBias);
    }

    [Fact]
    public void AcceptsASlidingWindowThatNeverSlides()
    {
        Parse("\"sliding_window\":512", "mistral");
        Parse("\"use_sliding_window\":true,\"sliding_window\":4096", "qwen2");
    }

    [Theory]
    [InlineData("'rope_theta':500000,'rope_scaling':{'rope_type':'llama3','factor':32.0,'low_freq_factor':1.0,'high_freq_factor':4.0,'original_max_position_embeddings':8192}")]
    [InlineData("'rope_theta':500000,'rope_scaling':{'type':'llama3','factor':32,'low_freq_factor':1,'high_freq_factor':4,'original_max_position_embeddings':8192}")]
    [InlineData("'rope_parameters':{'rope_theta':500000.0,'rope_type':'llama3','factor':32.0,'low_freq_factor':1.0,'high_freq_factor':4.0,'original_max_position_embeddings':8192}")]
    public void StretchesTheRotaryEmbeddingAsLlama32Does(string rope)
    {
        ModelConfig config = Parse("\"head_dim\":64," + rope.Replace('\'', '"'));
        Assert.Equal(new Llama3RopeScaling(32, 1, 4, 8192), config.RopeScaling);
        double[] frequencies = config.RopeInverseFrequencies();
        Assert.Equal(32, frequencies.Length);
        for (int i = 0; i < 4; i++)
            Assert.Equal(1, frequencies[new[] { 0, 6, 16, 26 }[i]] / s_llama32[i], 1e-12);
    }

    [Theory]
    [InlineData("'rope_scaling':null")]
    [InlineData("'rope_scaling':{'rope_type':'default'}")]
    [InlineData("'rope_parameters':{'rope_type':'default','rope_theta':10000}")]
    public void UnscaledFrequenciesArePowersOfTheBase(string rope)
    {
        double[] frequencies = Parse(rope.Replace('\'', '"')).RopeInverseFrequencies();
        Assert.Equal(4, frequencies.Length);
        for (int i = 0; i < 4; i++) Assert.Equal(Math.Pow(10, -i), frequencies[i], 1e-15);
    }

    [Theory]
    [InlineData("'model_type':'gemma'", "model_type is \"gemma\"; supported are llama, qwen2 and mistral")]
    [InlineData("'model_type':null", "model_type is missing; supported are llama, qwen2 and mistral")]
    [InlineData("'model_type':3", "model_type is 3; a string is needed")]
    [InlineData("'hidden_act':'gelu'", "hidden_act is \"gelu\"; supported is silu")]
    [InlineData("'quantization_config':{'bits':4}", "quantization_config is set; quantised weights are not supported")]
    [InlineData("'attention_bias':true", "attention_bias is true; llama is supported without biases only")]
    [InlineData("'mlp_bias':true", "mlp_bias is true")]
    [InlineData("'mlp_bias':1", "mlp_bias is 1; true or false is needed")]
    [InlineData("'model_type':'mistral','sliding_window':256", "sliding_window is 256; windows shorter than max_position_embeddings (512) are not supported")]
    [InlineData("'model_type':'qwen2','use_sliding_window':true,'sliding_window':256", "sliding_window is 256; windows shorter")]
    [InlineData("'rope_scaling':{'rope_type':'yarn','factor':2}", "rope_scaling: rope_type is \"yarn\"; supported are default and llama3")]
    [InlineData("'rope_scaling':{'type':'linear','factor':2}", "rope_type is \"linear\"; supported are default and llama3")]
    [InlineData("'rope_scaling':{'rope_type':'llama3'}", "low_freq_factor is missing")]
    [InlineData("'rope_scaling':{'rope_type':'llama3','factor':0.5,'low_freq_factor':1,'high_freq_factor':4,'original_max_position_embeddings':8}", "factor is 0.5; a finite number of at least 1")]
    [InlineData("'rope_scaling':{'rope_type':'llama3','factor':2,'low_freq_factor':4,'high_freq_factor':4,'original_max_position_embeddings':8}", "high_freq_factor is 4; it must be above low_freq_factor, 4")]
    [InlineData("'rope_scaling':{'rope_type':'llama3','factor':2,'low_freq_factor':1,'high_freq_factor':4}", "original_max_position_embeddings is missing")]
    [InlineData("'rope_scaling':'yarn'", "rope_scaling is \"yarn\"; an object is needed")]
    [InlineData("'rope_parameters':{'full_attention':{'rope_type':'default'}}", "\"full_attention\" is an object")]
    [InlineData("'rope_theta':10000,'rope_parameters':{'rope_theta':500000}", "rope_theta is 10000 but rope_parameters says 500000")]
    [InlineData("'rope_theta':0", "rope_theta is 0; a finite number of at least 1")]
    [InlineData("'rope_theta':1e999", "rope_theta is 1e999; a finite number")]
    [InlineData("'rope_theta':'NaN'", "rope_theta is \"NaN\"; a finite number")]
    [InlineData("'partial_rotary_factor':0.5", "partial_rotary_factor is 0.5; supported is 1")]
    [InlineData("'rms_norm_eps':0", "rms_norm_eps is 0; a finite number above 0")]
    [InlineData("'rms_norm_eps':NaN", "not valid JSON")]
    [InlineData("'hidden_size':null", "hidden_size is missing")]
    [InlineData("'hidden_size':0", "hidden_size is 0; an integer from 1 to 16777216 is needed")]
    [InlineData("'hidden_size':-64", "hidden_size is -64")]
    [InlineData("'hidden_size':64.5", "hidden_size is 64.5")]
    [InlineData("'hidden_size':'64'", "hidden_size is \"64\"")]
    [InlineData("'vocab_size':16777217", "vocab_size is 16777217")]
    [InlineData("'num_hidden_layers':99999999999999999999", "num_hidden_layers is 99999999999999999999")]
    [InlineData("'num_key_value_heads':3", "num_attention_heads is 8, not a multiple of num_key_value_heads, 3")]
    [InlineData("'num_key_value_heads':16", "not a multiple of num_key_value_heads, 16")]
    [InlineData("'hidden_size':65", "hidden_size is 65, not a multiple of num_attention_heads, 8")]
    [InlineData("'head_dim':7", "head_dim is 7; the rotary embedding needs an even one")]
    [InlineData("'head_dim':16777216", "num_attention_heads × head_dim is 134217728")]
    [InlineData("'tie_word_embeddings':'yes'", "tie_word_embeddings is \"yes\"; true or false is needed")]
    [InlineData("'bos_token_id':100", "bos_token_id is 100; a token id from 0 to 99")]
    [InlineData("'bos_token_id':[1]", "bos_token_id is an array; a token id")]
    [InlineData("'eos_token_id':[1,-1]", "eos_token_id is -1; a token id")]
    public void RefusesAndNamesTheKey(string change, string reason)
    {
        // The change comes first and its keys replace the valid ones.
        string json = change.Replace('\'', '"');
        IEnumerable<string> rest = ("\"model_type\":\"llama\"," + Sizes).Split(',').Where(pair => !json.Contains(pair.Split(':')[0].Trim() + ":"));
        CudaSearchException refusal = Assert.Throws<CudaSearchException>(() => ModelConfig.Parse($"{{{json},{string.Join(',', rest)}}}", "folder/config.json"));
        Assert.StartsWith("folder/config.json", refusal.Message);
        Assert.Contains(reason, refusal.Message);
    }

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("[1]", "holds an array")]
    [InlineData("{\"model_type\":\"llama\",\"model_type\":\"qwen2\"}", "\"model_type\" twice")]
    [InlineData("{\"x\":\"\\udc00\"}", "surrogate")]
    public void RefusesWhatIsNoObject(string json, string reason) =>
        Assert.Contains(reason, Assert.Throws<CudaSearchException>(() => ModelConfig.Parse(json)).Message);

    [Fact]
    public void TheGenerationConfigNamesTheEnds()
    {
        using TempFolder folder = new();
        string path = folder.Write("config.json", "\uFEFF{\"model_type\":\"llama\",\"eos_token_id\":1," + Sizes + "}");
        Assert.Equal([1], ModelConfig.Load(path).EosTokenIds);
        folder.Write("generation_config.json", "{\"temperature\":0.6}");
        Assert.Equal([1], ModelConfig.Load(path).EosTokenIds);
        folder.Write("generation_config.json", "{\"eos_token_id\":[3,4]}");
        Assert.Equal([3, 4], ModelConfig.Load(path).EosTokenIds);
        folder.Write("generation_config.json", "{\"eos_token_id\":100}");
        Assert.Contains("generation_config.json: eos_token_id is 100", Assert.Throws<CudaSearchException>(() => ModelConfig.Load(path)).Message);
        folder.Write("generation_config.json", "");
        Assert.Throws<CudaSearchException>(() => ModelConfig.Load(path));
    }

    [Fact]
    public void RefusesUnreadableFiles()
    {
        using TempFolder folder = new();
        Assert.Contains("cannot be read", Assert.Throws<CudaSearchException>(() => ModelConfig.Load(folder.File("config.json"))).Message);
        Assert.Throws<CudaSearchException>(() => ModelConfig.Load(folder.Path));
        Assert.Throws<CudaSearchException>(() => ModelConfig.Load(""));
    }

    private static ModelConfig Parse(string more, string modelType = "llama") =>
        ModelConfig.Parse($"{{\"model_type\":\"{modelType}\",{Sizes}{(more == "" ? "" : ",")}{more}}}");
}
