using System.Text;

namespace CudaSearch.Tokenization;

/// <summary>Collects a conversation: special tokens as ids, and the text between two of them as one run, since tokens may span its parts.</summary>
internal sealed class ChatWriter
{
    private readonly Tokenizer _tokenizer;
    private readonly List<int> _ids = [];
    private readonly StringBuilder _run = new();

    public ChatWriter(Tokenizer tokenizer) => _tokenizer = tokenizer;

    public ChatWriter Token(int id)
    {
        EndRun();
        _ids.Add(id);
        return this;
    }

    public ChatWriter Text(string text)
    {
        _run.Append(text);
        return this;
    }

    public int[] ToIds()
    {
        EndRun();
        return [.. _ids];
    }

    private void EndRun()
    {
        _tokenizer.Encode(_run.ToString(), _ids);
        _run.Clear();
    }

    /// <summary>Jinja's <c>trim</c>, which is Python's: beyond .NET's white space it takes the four ASCII separators.</summary>
    public static string Trim(string text)
    {
        ReadOnlySpan<char> rest = text;
        while (!rest.IsEmpty && IsSpace(rest[0])) rest = rest[1..];
        while (!rest.IsEmpty && IsSpace(rest[^1])) rest = rest[..^1];
        return rest.Length == text.Length ? text : rest.ToString();
    }

    private static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1C' and <= '\x1F';
}
