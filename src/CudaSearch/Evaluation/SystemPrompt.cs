namespace CudaSearch.Evaluation;

/// <summary>
/// The prompt that Llama-3 models are evaluated on MATH with, as search-and-learn uses it (Hugging Face, Apache-2.0). Data: it has to match to the letter.
/// </summary>
public static class SystemPrompt
{
    /// <summary>The text; lines are separated by single newlines, none at the end.</summary>
    public const string Default =
        "Solve the following math problem efficiently and clearly:\n\n" +
        "- For simple problems (2 steps or fewer):\nProvide a concise solution with minimal explanation.\n\n" +
        "- For complex problems (3 steps or more):\nUse this step-by-step format:\n\n" +
        "## Step 1: [Concise description]\n[Brief explanation and calculations]\n\n" +
        "## Step 2: [Concise description]\n[Brief explanation and calculations]\n\n" +
        "...\n\n" +
        "Regardless of the approach, always conclude with:\n\n" +
        "Therefore, the final answer is: $\\boxed{answer}$. I hope it is correct.\n\n" +
        "Where [answer] is just the final number or expression that solves the problem.";
}
