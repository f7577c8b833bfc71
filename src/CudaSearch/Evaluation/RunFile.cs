using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using CudaSearch.Evaluation.Datasets;

namespace CudaSearch.Evaluation;

/// <summary>
/// A run's output, one JSON object a problem, appended as problems finish and flushed line by line. Opening an existing file reads what is done and cuts
/// off a half-written last line. One process at a time.
/// </summary>
internal sealed class RunFile : IDisposable
{
    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly FileStream _stream;
    private readonly ArrayBufferWriter<byte> _line = new();

    private RunFile(FileStream stream, List<JsonElement> records)
    {
        _stream = stream;
        Records = records;
    }

    /// <summary>The whole records found when the file was opened, in file order.</summary>
    public IReadOnlyList<JsonElement> Records { get; }

    /// <summary>Opens or creates the file.</summary>
    /// <exception cref="CudaSearchException">It cannot be opened, another process writes it, or a line before the last is no JSON object.</exception>
    public static RunFile Open(string path)
    {
        FileStream stream;
        try
        {
            // On Unix only FileShare.None takes a lock that a second process sees.
            stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw CudaSearchException.BadInput($"cannot write {path}: {exception.Message}", exception);
        }
        try
        {
            return new RunFile(stream, ReadRecords(stream, path));
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Appends one record. On failure the file ends with the record before it.</summary>
    /// <exception cref="CudaSearchException">The disk is full, for example.</exception>
    public void Append(SolveRecord record, DatasetRow row, DatasetIdentity dataset)
    {
        _line.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(_line, s_json)) record.Write(writer, row, dataset);
        _line.Write("\n"u8);
        long end = _stream.Position;
        try
        {
            _stream.Write(_line.WrittenSpan);
            _stream.Flush();
        }
        catch (IOException exception)
        {
            TryCut(end);
            throw CudaSearchException.BadInput(
                $"cannot write {_stream.Name}: {exception.Message}; {Records.Count} earlier records and all written since are kept, run the same command again to go on", exception);
        }
    }

    public void Dispose()
    {
        try
        {
            _stream.Dispose();
        }
        catch (IOException)
        {
            // A failed write was reported by Append; what the stream still buffered of it is not wanted.
        }
    }

    private void TryCut(long end)
    {
        try
        {
            _stream.SetLength(end);
        }
        catch (IOException)
        {
            // The next opening cuts the half-written line.
        }
    }

    private static List<JsonElement> ReadRecords(FileStream stream, string path)
    {
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var records = new List<JsonElement>();
        int start = 0;
        for (int line = 1; start < bytes.Length; line++)
        {
            int length = bytes.AsSpan(start).IndexOf((byte)'\n');
            if (length < 0) break;
            if (length > 0) records.Add(Parse(bytes.AsMemory(start, length), path, line));
            start += length + 1;
        }
        if (start < bytes.Length) stream.SetLength(start);
        stream.Position = start;
        return records;
    }

    private static JsonElement Parse(ReadOnlyMemory<byte> line, string path, int number)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            // Reported below.
        }
        throw CudaSearchException.BadInput($"{path}, line {number}: not a JSON object, so this is no output of eval to go on with; choose another --output");
    }
}
