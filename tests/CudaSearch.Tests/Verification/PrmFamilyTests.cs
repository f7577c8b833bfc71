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
            string refusal = Refusal(() => Recognise(slow.Model, slow.TokenizerFile, other));
            Has(refusal, $"no process reward model of the format {other.Name()}; it lacks ");
        }
    }

    [Fact]
    public void AnOverrideDecidesWhereTwoFit()
    {
        // A chat model whose vocabulary has all that Math-Shepherd needs, too.
        JsonObject tokenizer = SyntheticTokenizer.SentencePiece("▁+-ки", ["▁ к", "▁к и", "▁ +", "▁ -"]);
        JsonArray added = tokenizer["added_tokens"]!.AsArray();
        foreach (string token in (string[])["<|bos|>", "<|user|>", "<|assistant|>", "<|end|>"])
            added.Add(SyntheticTokenizer.Added(token, 300 + added.Count));
        RandomModel model = new() { VocabSize = 320 };
        Assert.Equal(PrmFormat.MathShepherd, Recognise(model, tokenizer, null));
        Assert.Equal(PrmFormat.Rlhflow, Recognise(model, tokenizer, PrmFormat.Rlhflow));
    }

    [Fact]
    public void WhatJudgesNothingIsToldWhatWasLookedFor()
    {
        Has(Refusal(new RandomModel { VocabSize = 320 }, SyntheticTokenizer.SentencePiece()),
            "trl: a tensor score.weight of shape [2, 32]", "qwen: a tensor score.0.weight",
            "skywork: a tensor v_head.summary.weight of shape [1, 32]", "math-shepherd: a token ▁ки", "rlhflow: a token +");
    }

    [Fact]
    public void AHeadOfAnotherShapeIsNamed()
    {
        RandomModel model = new SlowTrl().Model;
        JsonObject tokenizer = new SlowTrl().TokenizerFile;
        Has(Refusal(model with { HeadModules = [("score", 3, 16)] }, tokenizer), "score.weight of shape [2, 16], not [3, 16]");
        // The same tensors, but one judgement for a whole text.
        Has(Refusal(model with { Architectures = ["Qwen2ForSequenceClassification"] }, tokenizer),
            "…ForTokenClassification (config.json names Qwen2ForSequenceClassification)");
        // A head, but no mark to read it at.
        Has(Refusal(new SlowQwen().Model, tokenizer), "qwen: a token <extra_0>");
    }

    [Fact]
    public void AFolderWithoutATokenizerIsRefused()
    {
        using var folder = new RandomCheckpoint(new SlowTrl().Model);
        using Checkpoint checkpoint = folder.Open();
        Has(Refusal(() => PrmFamily.Recognise(checkpoint, null, new PrmOptions())), "no tokenizer.json");
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
        Has(Refusal(() => Recognise(folder, null)), "tokenizer_config.json");
    }

    [Fact]
    public void NamesAreReadBack()
    {
        Assert.All(Enum.GetValues<PrmFormat>(), format => Assert.Equal(format, PrmFormatNames.Parse(format.Name())));
        Has(Refusal(() => PrmFormatNames.Parse("llama")), "math-shepherd");
    }

    private static void Has(string message, params string[] parts) =>
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));

    private static string Refusal(RandomModel model, JsonObject tokenizer) => Refusal(() => Recognise(model, tokenizer, null));

    private static string Refusal(Func<object> attempt)
    {
        CudaSearchException refusal = Assert.Throws<CudaSearchException>(attempt);
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
