using CudaSearch.Engine;
using CudaSearch.Evaluation;
using CudaSearch.Search;
using CudaSearch.TinyMath;
using CudaSearch.Tokenization;

namespace CudaSearch.Tests.Search;

/// <summary>A revision is what the model writes in a conversation of problem, answer and request, computed on the pages that it has already.</summary>
public sealed class EngineRevisionTests
{
    private const ulong Seed = 7;
    private const string Request = "Check it.";

    private static readonly GenerationOptions s_short = new() { MaxTokens = 40 };
    private static readonly string s_problem = TinyMathDataset.HeldOut()[0].Problem;

    [Fact]
    public async Task A_revision_is_the_answer_of_the_whole_conversation_and_recomputes_none_of_its_beginning()
    {
        using Workbench workbench = Workbench.Open(new WorkbenchOptions { Device = "cpu", Prm = null });
        LanguageModel model = workbench.Generator;
        var usage = new Usage();
        using IBranch answer = await AnswerAsync(new EngineGenerator(model, Seed, "Be right.", usage));
        long before = usage.PrefillTokens;
        using IBranch revision = answer.Revise(Request, beam: 3)!;
        Assert.Equal(("", 0), (revision.Text, revision.GeneratedTokens));
        await revision.GenerateAsync(s_short, TestContext.Current.CancellationToken);

        int[] conversation = ChatTemplate.For(model.Tokenizer).Render(
            [new("system", "Be right."), new("user", s_problem), new("assistant", answer.Text), new("user", Request)], ChatEnding.GenerationPrompt);
        model.Engine.ClearCache();
        using Sequence whole = model.Engine.CreateSequence(conversation, new RandomStream(Seed, EngineGenerator.ProblemKey(s_problem), Beam: 3));
        GenerationResult expected = await model.Engine.GenerateAsync(whole, s_short, TestContext.Current.CancellationToken);
        Assert.Equal((expected.Text, expected.GeneratedTokens), (revision.Text, revision.GeneratedTokens));
        Assert.InRange(usage.PrefillTokens - before, 1, conversation.Length / 2);
    }

    [Fact]
    public async Task A_conversation_that_would_fill_the_context_is_not_begun()
    {
        using Workbench workbench = Workbench.Open(new WorkbenchOptions { Device = "cpu", Prm = null });
        using IBranch answer = await AnswerAsync(new EngineGenerator(workbench.Generator, Seed, null, new Usage()));
        Assert.Null(answer.Revise(string.Concat(Enumerable.Repeat("Check it. ", workbench.Generator.Engine.ContextLength)), beam: 1));
    }

    private static async Task<IBranch> AnswerAsync(EngineGenerator generator)
    {
        using IBranch prompt = generator.Start(s_problem);
        IBranch answer = prompt.Fork(0);
        await answer.GenerateAsync(new GenerationOptions(), TestContext.Current.CancellationToken);
        return answer;
    }
}
