namespace CudaSearch.Evaluation.Throughput;

/// <summary>A beam search to measure, in which nothing depends on what is drawn but which beams live on.</summary>
/// <param name="N">Beams.</param>
/// <param name="BeamWidth">The best N / BeamWidth live on.</param>
/// <param name="Steps">Steps of every answer.</param>
/// <param name="StepTokens">Tokens of every step.</param>
/// <param name="Prompt">Tokens of the generator's prompt.</param>
/// <param name="JudgePrompt">Tokens of the judge's.</param>
public sealed record SearchShape(int N, int BeamWidth, int Steps, int StepTokens, int Prompt, int JudgePrompt)
{
    /// <summary>Tokens that the judge reads around a step: a turn of a Llama 3 conversation.</summary>
    public const int TurnTokens = 11;

    /// <summary>Tokens that the judge reads for every step.</summary>
    public int JudgedTokens => StepTokens + TurnTokens;
}
