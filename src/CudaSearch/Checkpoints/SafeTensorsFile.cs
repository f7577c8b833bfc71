using System.Buffers.Binary;
using System.Collections.ObjectModel;
using System.IO.MemoryMappedFiles;

namespace CudaSearch.Checkpoints;

/// <summary>
/// A safetensors file, mapped into memory and read in place. Opening checks the whole header (see <see cref="Open"/>) and touches
/// no tensor data; the system pages that in when it is used.
/// </summary>
public sealed unsafe class SafeTensorsFile : ITensorData, IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly ReadOnlyDictionary<string, TensorView> _tensors;
    private readonly byte* _data; // first byte of the data area
    private int _disposed;

    private SafeTensorsFile(string path, MemoryMappedFile map, MemoryMappedViewAccessor view, byte* data, SafeTensorsHeader header)
    {
        FilePath = path;
        Metadata = header.Metadata;
        _map = map;
        _view = view;
        _data = data;
        _tensors = header.Tensors.ToDictionary(entry => entry.Name, entry => new TensorView(this, entry)).AsReadOnly();
    }

    /// <summary>Unmaps the file if nobody disposed of it.</summary>
    ~SafeTensorsFile() => Unmap();

    /// <summary>The path the file was opened by.</summary>
    public string FilePath { get; }

    /// <summary>All tensors by name, in the header's order.</summary>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public IReadOnlyDictionary<string, TensorView> Tensors
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            return _tensors;
        }
    }

    /// <summary>The strings of the header's <c>__metadata__</c>; empty when there are none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The address of the data area.</summary>
    byte* ITensorData.Data
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            return _data;
        }
    }

    void ITensorData.Forget(long offset, long length) => MemoryAdvice.Forget((nint)(_data + offset), length);

    /// <summary>Maps a file and checks its header.</summary>
    /// <exception cref="CudaSearchException">
    /// The file cannot be read, is cut short, or its header is wrong: too long, not a JSON object of tensors, a duplicate key, an
    /// element type other than F32, F16 and BF16, a shape or an offset out of range, a size that differs from the shape's, tensors
    /// that overlap, leave gaps, or are not aligned to their element size.
    /// </exception>
    public static SafeTensorsFile Open(string path)
    {
        MemoryMappedFile? map = null;
        MemoryMappedViewAccessor? view = null;
        bool pinned = false;
        try
        {
            FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            long length;
            try
            {
                length = stream.Length;
                if (length < SafeTensorsHeader.PrefixLength)
                    throw CudaSearchException.BadInput($"{path}: {length} bytes, too short for a safetensors file; download it again");
                map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            }
            finally
            {
                if (map is null) stream.Dispose();
            }
            view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            byte* start = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            pinned = true;
            start += view.PointerOffset;

            int headerLength = ReadHeaderLength(new ReadOnlySpan<byte>(start, SafeTensorsHeader.PrefixLength), length, path);
            byte* headerStart = start + SafeTensorsHeader.PrefixLength;
            byte[] headerBytes = new ReadOnlySpan<byte>(headerStart, headerLength).ToArray();
            long dataLength = length - SafeTensorsHeader.PrefixLength - headerLength;
            SafeTensorsHeader header = SafeTensorsHeader.Parse(headerBytes, dataLength, path);
            return new SafeTensorsFile(path, map, view, headerStart + headerLength, header);
        }
        catch (Exception e)
        {
            if (pinned) view!.SafeMemoryMappedViewHandle.ReleasePointer();
            view?.Dispose();
            map?.Dispose();
            if (StrictJson.IsFileFault(e)) throw StrictJson.CannotRead(path, e);
            throw;
        }
    }

    /// <summary>Unmaps the file. Spans and pointers into it must not be used any more; its views throw.</summary>
    public void Dispose()
    {
        Unmap();
        GC.SuppressFinalize(this);
    }

    private static int ReadHeaderLength(ReadOnlySpan<byte> prefix, long fileLength, string path)
    {
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > SafeTensorsHeader.MaxLength)
            throw CudaSearchException.BadInput($"{path}: claims a header of {length} bytes, at most {SafeTensorsHeader.MaxLength} are allowed; this is not a safetensors file, or it is damaged: download it again");
        long room = fileLength - SafeTensorsHeader.PrefixLength;
        if ((long)length > room)
            throw CudaSearchException.BadInput($"{path}: claims a header of {length} bytes, but only {room} follow: it is cut short or not a safetensors file; download it again");
        return (int)length;
    }

    // Also runs as the finalizer: the handle's own, critical finalizer comes after this one and finds the pointer released.
    private void Unmap()
    {
        if (_view is null || Interlocked.Exchange(ref _disposed, 1) != 0) return;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
    }
}
