using System.Text.Json;

namespace KernelBench;

/// <summary>What was measured on one device, for people and for programs.</summary>
internal interface IReport
{
    /// <summary>Whether anything that ran is wrong.</summary>
    bool IsFaulty { get; }

    /// <summary>As tables.</summary>
    void Write(TextWriter output);

    /// <summary>The same as one JSON document; times in seconds.</summary>
    void Write(Utf8JsonWriter writer);
}
