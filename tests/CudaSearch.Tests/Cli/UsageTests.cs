using CudaSearch.Cli;

namespace CudaSearch.Tests.Cli;

/// <summary>What is wrong with a command line is said before any model is opened, with the option and its value.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("solve --temperature NaN", "--temperature is NaN", "finite")]
    [InlineData("solve --temperature -0.5", "--temperature is -0.5")]
    [InlineData("solve --temperature warm", "--temperature is warm")]
    [InlineData("solve --top-p 0", "--top-p is 0")]
    [InlineData("solve --top-k -1", "--top-k is -1")]
    [InlineData("solve --min-p 1.5", "--min-p is 1.5")]
    [InlineData("solve --max-tokens 0", "--max-tokens is 0")]
    [InlineData("solve -n 0", "--n is 0")]
    [InlineData("solve --n 99999999999", "--n is 99999999999")]
    [InlineData("solve --n 6", "n is 6", "beam-width 4", "n 8", "beam-width 3")]
    [InlineData("solve --strategy dvts --n 10", "n is 10", "beam-width 4")]
    [InlineData("solve --beam-width 0", "--beam-width is 0")]
    [InlineData("solve --iterations 0", "--iterations is 0")]
    [InlineData("solve --lookahead -1", "--lookahead is -1")]
    [InlineData("solve --strategy guess", "--strategy is guess", "greedy, majority, best-of-n, beam, dvts")]
    [InlineData("solve --strategy rebase --balance-temperature 0", "--balance-temperature is 0")]
    [InlineData("solve --strategy particle-filtering --resampling-temperature -1", "--resampling-temperature is -1")]
    [InlineData("solve --strategy mcts --exploration -1", "--exploration is -1")]
    [InlineData("solve --strategy revision --chain-length 0", "--chain-length is 0")]
    [InlineData("solve --strategy best-of-n --vote naive --stop-when-decided", "naive vote is never decided early", "weighted or majority")]
    [InlineData("solve --aggregate sum", "--aggregate is sum", "last, min, prod, mean")]
    [InlineData("solve --vote loud", "--vote is loud", "naive, weighted, majority")]
    [InlineData("solve --strategy majority --vote weighted", "--vote weighted", "majority")]
    [InlineData("solve --strategy beam --prm none", "--prm", "beam")]
    [InlineData("solve --device gpu", "--device is gpu")]
    [InlineData("solve --device cuda:x", "--device is cuda:x")]
    [InlineData("solve --memory 0", "--memory 0")]
    [InlineData("solve --memory 12Gb", "--memory 12Gb")]
    [InlineData("solve --threads -2", "--threads is -2")]
    [InlineData("solve --seed -1", "--seed is -1")]
    [InlineData("solve --colour", "--colour")]
    [InlineData("solve 1+1 --file x", "--file")]
    [InlineData("eval --dataset tinymath", "--output")]
    [InlineData("eval --dataset tinymath --output x --limit 0", "--limit is 0")]
    [InlineData("eval --dataset tinymath --output x --start 5 --end 5", "--start 5 --end 5")]
    [InlineData("logits", "--ids")]
    [InlineData("logits --ids 1,two", "two")]
    [InlineData("logits --ids ,", "--ids")]
    [InlineData("logits --ids 1 text", "--ids")]
    [InlineData("score --problem 1+1", "--solution")]
    [InlineData("score", "--file")]
    [InlineData("score --prm none --problem 1+1 --solution 2", "--prm is none")]
    [InlineData("score --prm-format llama", "--prm-format is llama", "trl, qwen, skywork, math-shepherd, rlhflow")]
    [InlineData("solve --prm-format", "--prm-format")]
    [InlineData("generate", "give a text")]
    [InlineData("generate --chat --special hello", "--special")]
    [InlineData("tinymath --split test", "--split is test")]
    [InlineData("solve --verifier guess", "--verifier is guess", "prm, rules, oracle or program:COMMAND")]
    [InlineData("solve --verifier program:", "--verifier is program:")]
    [InlineData("solve --verifier rules --verifier prm --ensemble max", "--ensemble is max", "mean, min, product")]
    [InlineData("solve --verifier rules --verifier-timeout 0", "--verifier-timeout is 0")]
    [InlineData("solve --verifier prm --prm none", "--prm", "--verifier")]
    [InlineData("eval-prm", "--dataset")]
    [InlineData("eval-prm --dataset tinymath --prm none", "--prm is none")]
    [InlineData("eval-prm --dataset tinymath --verifier oracle", "--verifier oracle")]
    [InlineData("eval-prm --dataset tinymath --threshold 0", "--threshold is 0")]
    [InlineData("eval-prm --dataset tinymath --start 5 --end 5", "--start 5 --end 5")]
    [InlineData("tokenise", "tokenise", "tokenize")]
    [InlineData("--verbose", "give a command", "solve")]
    public async Task IsRefused(string line, params string[] parts)
    {
        CliRun run = await CliRun.OfAsync(line.Split(' '));
        run.Failed(ExitStatus.Usage, parts);
        Assert.Contains("--help", run.Error);
    }

    [Theory]
    [InlineData("solve")]
    [InlineData("eval")]
    [InlineData("score")]
    [InlineData("eval-prm")]
    [InlineData("grade")]
    [InlineData("generate")]
    [InlineData("logits")]
    [InlineData("tokenize")]
    [InlineData("tinymath")]
    [InlineData("doctor")]
    public async Task HelpNamesEveryCommandsOptions(string command)
    {
        Assert.Contains(command, (await CliRun.OfAsync("--help")).Done().Output);
        Assert.Contains($"{command} [", (await CliRun.OfAsync(command, "--help")).Done().Output);
    }

    [Fact]
    public async Task ATextMayBeginWithADash()
    {
        Assert.Equal("-x + 3", Text((await CliRun.OfAsync("tokenize", "-x + 3", "--json")).Done()));
        Assert.Equal("--colour", Text((await CliRun.OfAsync("tokenize", "--json", "--", "--colour")).Done()));
        Assert.Equal("@file", Text((await CliRun.OfAsync("tokenize", "--json", "@file")).Done()));

        static string Text(CliRun run) => string.Concat(run.Json().GetProperty("pieces").EnumerateArray().Select(piece => piece.GetString()));
    }
}
