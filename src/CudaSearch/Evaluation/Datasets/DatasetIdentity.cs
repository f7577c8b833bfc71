using System.Text.Json;

namespace CudaSearch.Evaluation.Datasets;

/// <summary>
/// Which rows of which dataset a run covers, all shards together. Every record says so, so that a merge can tell what is missing.
/// </summary>
/// <param name="Name">The file's name without its folder, or <c>tinymath</c>.</param>
/// <param name="Digest">Names the content: all problems and reference answers of the whole file.</param>
/// <param name="Start">The first row of the run, from 0.</param>
/// <param name="End">The row after the last one.</param>
public sealed record DatasetIdentity(string Name, string Digest, int Start, int End)
{
    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("name", Name);
        writer.WriteString("digest", Digest);
        writer.WriteNumber("start", Start);
        writer.WriteNumber("end", End);
        writer.WriteEndObject();
    }

    /// <summary>Reads it back; what is missing or of another kind throws what <see cref="JsonElement"/> throws.</summary>
    internal static DatasetIdentity Read(JsonElement element) => new(
        element.GetProperty("name").GetString()!, element.GetProperty("digest").GetString()!,
        element.GetProperty("start").GetInt32(), element.GetProperty("end").GetInt32());
}
