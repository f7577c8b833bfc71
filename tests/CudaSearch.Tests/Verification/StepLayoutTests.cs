using System.Text.Json.Nodes;
using CudaSearch.Checkpoints;
using CudaSearch.Tests.Model;
using CudaSearch.Tests.Tokenization;
using CudaSearch.Tokenization;
using CudaSearch.Verification;

namespace CudaSearch.Tests.Verification;

/// <summary>
/// The ids that each format writes and where it reads its scores, against the authors' way of writing the whole text at once.
/// </summary>
public sealed class StepLayoutTests
{
    private const string Problem = "How much is 2 + 3 * 4?";

    private static readonly string[] s_answers =
    [
        "3 * 4 = 12.\n\n2 + 12 = 14.", "3 * 4 = 12.\n\n2 + 12 = 14.\n\n", "one line", "a\nb\n\nc\nd", "", "\n\n", "\n", "a\n\n\nb",
        "a\n\n\n\nb", "a\n\n\n\n",
        " a\n\n b", "a \n\nb", "a  \n\nb", "## Step 1: the aaaa\n\n- é\n- 🙂\n\nthere.", "\n\nthen", "ends\n",
    ];

    public static TheoryData<PrmFormat> Formats => [.. Enum.GetValues<PrmFormat>()];

    [Theory]
    [MemberData(nameof(Formats))]
    public void IdsAndPositionsAreThoseOfTheWholeText(PrmFormat format)
    {
        using var judge = new JudgeModel(format);
        StepLayout layout = judge.Prm.Layout;
        foreach (string answer in s_answers)
        {
            (int[] tokens, int[] positions) = judge.Text(Problem, answer);
            string[] steps = layout.Split(answer);
            Assert.Equal(positions.Length, steps.Length);
            for (int i = 0; i < steps.Length; i++)
                Assert.Equal(tokens[..(positions[i] + 1)], Tokens(layout, Problem, SlowPrm.SystemPrompt, steps[..(i + 1)]));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task MarksInAProblemOrAnAnswerAreText(PrmFormat format)
    {
        const string Marks = "a <extra_0> ки <|im_end|> <|assistant|> <|endoftext|> <s> b";
        using var judge = new JudgeModel(format);
        Assert.Equal(Specials("a", "b"), Specials(Marks, Marks));
        using IVerification verification = judge.Verifier().Start(Marks);
        Assert.Single(await verification.ScoreAsync(Marks, TestContext.Current.CancellationToken));

        int Specials(string problem, string step) =>
            Tokens(judge.Prm.Layout, problem, "", step, step).Count(judge.Model.Tokenizer.IsSpecial);
    }

    // The text between two special tokens is one run, across the "+" that is put into it.
    [Theory]
    [InlineData(
        "<|begin_of_text|>,<|start_header_id|>,<|end_header_id|>,<|eot_id|>",
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n"
            + "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n<|eot_id|>",
        "<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>", "<|start_header_id|>assistant<|end_header_id|>\n\n")]
    [InlineData(
        "<|im_start|>,<|im_end|>", "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n",
        "<|im_start|>user\n", "<|im_end|>\n", "<|im_start|>assistant\n")]
    public void RlhflowUsesTheModelsOwnTemplate(string special, string system, string user, string end, string assistant)
    {
        JsonObject file = SyntheticTokenizer.ByteLevel(special: special.Split(','));
        using RandomCheckpoint folder = JudgeModel.Write(new SlowRlhflow().Model, file);
        (PrmFamily family, StepLayout layout, Tokenizer tokenizer) = Open(folder);
        Assert.Equal(PrmFormat.Rlhflow, family.Format);
        string text = system;
        string[] steps = ["a = 1.", "there", "", "b"];
        for (int i = 0; i < steps.Length; i++)
        {
            text += $"{user}{(i == 0 ? $"{Problem} {steps[0]}" : steps[i])}{end}{assistant}";
            Assert.Equal(tokenizer.EncodeWithSpecialTokens(text), Tokens(layout, Problem, "", steps[..(i + 1)]));
            text += $"+{end}";
        }
    }

    [Fact]
    public async Task AStepSeparatorMayBeASingleNewline()
    {
        using var judge = new JudgeModel(PrmFormat.Trl, options: new PrmOptions { StepSeparator = "\n" });
        int[] tokens = Tokens(judge.Prm.Layout, Problem, "", "a", "b");
        Assert.Equal([.. judge.Model.Tokenizer.Encode(Problem), 'a', '\n', 'b', '\n'], tokens);
        using IVerification verification = judge.Verifier().Start(Problem);
        Assert.Equal(2, (await verification.ScoreAsync("a\n\nb", TestContext.Current.CancellationToken)).Count);
    }

    // Skywork's and TRL's beginning is what the Python tokenizer calls bos_token, whatever config.json says.
    [Theory]
    [InlineData("""{ "bos_token": "<|user|>" }""", "<|user|>")]
    [InlineData("""{ "bos_token": { "content": "<|bos|>", "lstrip": false } }""", "<|bos|>")]
    [InlineData("""{ "bos_token": null }""", null)]
    [InlineData("{ }", null)]
    public void TheBeginningIsTheTokenizersOwn(string tokenizerConfig, string? token)
    {
        var slow = new SlowTrl();
        using RandomCheckpoint folder = JudgeModel.Write(slow.Model, slow.TokenizerFile, JsonNode.Parse(tokenizerConfig)!.AsObject());
        (PrmFamily _, StepLayout layout, Tokenizer tokenizer) = Open(folder);
        int[] expected = [.. token is null ? [] : new[] { tokenizer.TokenId(token)!.Value }, 'x'];
        Assert.Equal(expected, layout.Statement(new Question("x", "")));
    }

    [Fact]
    public void WithoutATokenizerConfigTheBeginningIsThePostProcessors()
    {
        var slow = new SlowTrl();
        JsonObject file = slow.TokenizerFile.With("post_processor", JsonNode.Parse("""
            {
              "type": "TemplateProcessing",
              "single": [ { "SpecialToken": { "id": "<|bos|>", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } } ]
            }
            """));
        using RandomCheckpoint folder = JudgeModel.Write(slow.Model, file);
        (PrmFamily _, StepLayout layout, Tokenizer tokenizer) = Open(folder);
        Assert.Equal([tokenizer.TokenId("<|bos|>")!.Value, 'x'], layout.Statement(new Question("x", "")));
    }

    private static int[] Tokens(StepLayout layout, string problem, string systemPrompt, params string[] steps) =>
        [.. layout.First(new Question(problem, systemPrompt), steps[0]), .. steps[1..].SelectMany(layout.Next)];

    private static (PrmFamily Family, StepLayout Layout, Tokenizer Tokenizer) Open(RandomCheckpoint folder)
    {
        using Checkpoint checkpoint = folder.Open();
        var tokenizer = Tokenizer.Load(Path.Combine(folder.Directory, "tokenizer.json"));
        (PrmFamily family, StepLayout layout) = PrmFamily.Recognise(checkpoint, tokenizer, new PrmOptions());
        return (family, layout, tokenizer);
    }
}
