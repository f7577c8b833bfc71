namespace CudaSearch.Evaluation.Recipes;

/// <summary>One setting of a recipe.</summary>
/// <param name="Key">Its name as it is written there.</param>
/// <param name="Value">Its value as text; null for YAML's null.</param>
/// <param name="Line">Its line, from 1; 0 for a setting that holds without being written.</param>
public sealed record RecipeEntry(string Key, string? Value, int Line);

/// <summary>Something wrong in a recipe.</summary>
/// <param name="Line">The line, from 1.</param>
/// <param name="Message">What is wrong with it.</param>
public sealed record RecipeFault(int Line, string Message);
