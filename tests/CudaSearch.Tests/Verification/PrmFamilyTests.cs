using System.Text.Json.Nodes;
using CudaSearch.Checkpoints;
using CudaSearch.Tests.Model;
using CudaSearch.Tests.Tokenization;
using CudaSearch.Tokenization;
using CudaSearch.Verification;

namespace CudaSearch.Tests.Verification;

/// <summary>A checkpoint's family is told by what is in it; what is of none is refused with what was looked for.</summary>
public sealed class PrmFamilyTests
{
    public static TheoryData<PrmFormat> Formats => [.. Enum.GetValues<PrmFormat>()];

    [Theory]
    [MemberData(nameof(Formats))]
    public void EachIsRecognisedByItself(PrmFormat format)
    {
        SlowPrm slow = SlowPrm.Of(format);
        Assert.Equal(format, Recognise(slow.Model, slow.TokenizerFile, null));
        // Files that name no architecture are recognised as well.
        Assert.Equal(format, Recognise(slow.Model with { Architectures = null }, slow.TokenizerFile, null));
        Assert.Equal(format, Recognise(slow.Model, slow.TokenizerFile, format));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void NoneIsTakenForAnother(PrmFormat format)
    {
        SlowPrm slow = SlowPrm.Of(format);
        foreach (PrmFormat other in Enum.GetValues<PrmFormat>().Where(other => other != format))
        {
            CudaSearchException refusal = Assert.Throws<CudaSearchException>(() => Recognise(slow.Model, slow.TokenizerFile, other));
            Assert.Equal(Failure.BadInput, refusal.Failure);
            Assert.Contains($"no process reward model of the format {other.Name()}; it lacks ", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AnOverrideDecidesWhereTwoFit()
    {
        // A chat model whose vocabulary has all that Math-Shepherd needs, too.
        JsonObject tokenizer = SyntheticTokenizer.SentencePiece("▁+-ки", ["▁ к", "▁к и", "▁ +", "▁ -"]);
        JsonArray added = tokenizer["added_tokens"]!.AsArray();
        foreach (string token in (string[])["<|bos|>", "<|user|>", "<|assistant|>", "<|end|>"]) added.Add(SyntheticTokenizer.Added(token, 300 + added.Count));
        RandomModel model = new() { VocabSize = 320 };
        Assert.Equal(PrmFormat.MathShepherd, Recognise(model, tokenizer, null));
        Assert.Equal(PrmFormat.Rlhflow, Recognise(model, tokenizer, PrmFormat.Rlhflow));
    }

    [Fact]
    public void WhatJudgesNothingIsToldWhatWasLookedFor()
    {
        string message = Refusal(new RandomModel { VocabSize = 320 }, SyntheticTokenizer.SentencePiece());
        foreach (string looked in (string[])
            ["trl: a tensor score.weight of shape [2, 32]", "qwen: a tensor score.0.weight", "skywork: a tensor v_head.summary.weight of shape [1, 32]", "math-shepherd: a token ▁ки", "rlhflow: a token +"])
            Assert.Contains(looked, message, StringComparison.Ordinal);
    }

    [Fact]
    public void AHeadOfAnotherShapeIsNamed()
    {
        RandomModel model = new SlowTrl().Model;
        Assert.Contains("score.weight of shape [2, 16], not [3, 16]", Refusal(model with { HeadModules = [("score", 3, 16)] }, new SlowTrl().TokenizerFile), StringComparison.Ordinal);
        // The same tensors, but one judgement for a whole text.
        Assert.Contains("…ForTokenClassification (config.json names Qwen2ForSequenceClassification)",
            Refusal(model with { Architectures = ["Qwen2ForSequenceClassification"] }, new SlowTrl().TokenizerFile), StringComparison.Ordinal);
        // A head, but no mark to read it at.
        Assert.Contains("qwen: a token <extra_0>", Refusal(new SlowQwen().Model, new SlowTrl().TokenizerFile), StringComparison.Ordinal);
    }

    [Fact]
    public void AFolderWithoutATokenizerIsRefused()
    {
        using var folder = new RandomCheckpoint(new SlowTrl().Model);
        using Checkpoint checkpoint = folder.Open();
        Assert.Contains("no tokenizer.json", Assert.Throws<CudaSearchException>(() => PrmFamily.Recognise(checkpoint, null, new PrmOptions())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "bos_token": "<nowhere>" }""")]
    [InlineData("""{ "bos_token": 1 }""")]
    [InlineData("""{ "bos_token": { } }""")]
    [InlineData("""[ ]""")]
    public void ABadTokenizerConfigIsNamed(string text)
    {
        var slow = new SlowSkywork();
        using RandomCheckpoint folder = JudgeModel.Write(slow.Model, slow.TokenizerFile);
        File.WriteAllText(Path.Combine(folder.Directory, "tokenizer_config.json"), text);
        Assert.Contains("tokenizer_config.json", Assert.Throws<CudaSearchException>(() => Recognise(folder, null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NamesAreReadBack()
    {
        Assert.All(Enum.GetValues<PrmFormat>(), format => Assert.Equal(format, PrmFormatNames.Parse(format.Name())));
        Assert.Contains("math-shepherd", Assert.Throws<CudaSearchException>(() => PrmFormatNames.Parse("llama")).Message, StringComparison.Ordinal);
    }

    private static string Refusal(RandomModel model, JsonObject tokenizer)
    {
        CudaSearchException refusal = Assert.Throws<CudaSearchException>(() => Recognise(model, tokenizer, null));
        Assert.Equal(Failure.BadInput, refusal.Failure);
        return refusal.Message;
    }

    private static PrmFormat Recognise(RandomModel model, JsonObject tokenizer, PrmFormat? format)
    {
        using RandomCheckpoint folder = JudgeModel.Write(model, tokenizer);
        return Recognise(folder, format);
    }

    private static PrmFormat Recognise(RandomCheckpoint folder, PrmFormat? format)
    {
        using Checkpoint checkpoint = folder.Open();
        var tokenizer = Tokenizer.Load(Path.Combine(folder.Directory, "tokenizer.json"));
        return PrmFamily.Recognise(checkpoint, tokenizer, new PrmOptions { Format = format }).Family.Format;
    }
}
