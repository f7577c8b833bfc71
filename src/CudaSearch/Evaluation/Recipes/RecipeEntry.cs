namespace CudaSearch.Evaluation.Recipes;

/// <summary>One setting of a recipe.</summary>
/// <param name="Key">Its name as it is written there.</param>
/// <param name="Value">Its value as text; null for YAML's null.</param>
/// <param name="Where">File and line, for messages.</param>
public sealed record RecipeEntry(string Key, string? Value, string Where);
