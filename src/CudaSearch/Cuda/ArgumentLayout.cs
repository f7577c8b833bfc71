using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace CudaSearch.Cuda;

/// <summary>A field of an argument struct: where it lies and how long it is, in bytes.</summary>
internal readonly record struct ArgumentField(string Name, int Offset, int Size);

/// <summary>
/// How an argument struct lies in memory, to be compared with the parameters of its kernel. The struct is sequential and its fields are
/// numbers,
/// enums, <see cref="DevicePointer"/> or <see cref="CudaTensorMap"/>, in the order of the kernel's parameters; C# and C++ then align them alike. Maps,
/// which C++ aligns to 64 bytes and C# to 8, come first.
/// </summary>
internal static class ArgumentLayout
{
    /// <summary>The fields of a struct, in order.</summary>
    /// <exception cref="InvalidOperationException">A field is of a type that has no counterpart in a kernel, or the struct is not
    /// sequential.</exception>
    internal static ArgumentField[] Of<[DynamicallyAccessedMembers(CudaKernel.Fields)] T>()
        where T : unmanaged
    {
        FieldInfo[] fields = typeof(T).GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
        // Metadata tokens ascend in the order of declaration; without metadata (native compilation) the order is that already.
        if (fields.Length > 0 && fields[0].HasMetadataToken()) Array.Sort(fields, (a, b) => a.MetadataToken.CompareTo(b.MetadataToken));
        var layout = new ArgumentField[fields.Length];
        int end = 0, alignment = 1;
        for (int i = 0; i < fields.Length; i++)
        {
            (int size, int alignUpTo) = SizeOf(typeof(T), fields[i]);
            int offset = Align(end, alignUpTo);
            layout[i] = new ArgumentField(NameOf(fields[i]), offset, size);
            end = offset + size;
            alignment = Math.Max(alignment, alignUpTo);
        }
        // A struct without fields still takes one byte.
        if (fields.Length > 0 && Align(end, alignment) != Unsafe.SizeOf<T>())
        {
            throw new InvalidOperationException(
                $"{typeof(T).Name} takes {Unsafe.SizeOf<T>()} bytes, not {Align(end, alignment)}: " +
                "it must be [StructLayout(LayoutKind.Sequential)] with the default packing");
        }
        return layout;
    }

    /// <summary>Bytes up to the end of the last field: what a launch hands to the driver.</summary>
    internal static int End(ReadOnlySpan<ArgumentField> layout) => layout.IsEmpty ? 0 : layout[^1].Offset + layout[^1].Size;

    /// <summary>Compares a layout with the parameters of a loaded kernel.</summary>
    /// <exception cref="CudaSearchException">Count, offset or size differ; the message names the kernel and the field.</exception>
    internal static void Require(ReadOnlySpan<ArgumentField> layout, string arguments, nint function, string kernel)
    {
        for (int i = 0; i < layout.Length; i++)
        {
            ArgumentField field = layout[i];
            if (!TryGetParameter(function, i, out int offset, out int size))
            {
                string counts = $"the kernel has {i} parameters and the struct {layout.Length} fields";
                throw Mismatch(kernel, arguments, $"{counts}; '{field.Name}' has no parameter");
            }
            if (size != field.Size)
                throw Mismatch(kernel, arguments, $"parameter {i} takes {size} bytes and the field '{field.Name}' {field.Size}");
            if (offset != field.Offset)
                throw Mismatch(kernel, arguments, $"parameter {i} is at byte {offset} and the field '{field.Name}' at byte {field.Offset}");
        }
        if (TryGetParameter(function, layout.Length, out _, out int missing))
        {
            string last = layout.IsEmpty ? "and the struct no fields" : $"after the struct's last field '{layout[^1].Name}'";
            throw Mismatch(kernel, arguments, $"the kernel has a parameter {layout.Length} of {missing} bytes {last}");
        }
    }

    // The driver answers "invalid value" for the first index past the end.
    private static bool TryGetParameter(nint function, int index, out int offset, out int size)
    {
        int result = DriverApi.cuFuncGetParamInfo(function, (nuint)index, out nuint at, out nuint bytes);
        (offset, size) = ((int)at, (int)bytes);
        if (result is CudaResult.Success or CudaResult.InvalidValue) return result == CudaResult.Success;
        throw CudaException.Create(result, nameof(DriverApi.cuFuncGetParamInfo));
    }

    private static CudaSearchException Mismatch(string kernel, string arguments, string difference) => CudaSearchException.BadInput(
        $"{arguments} does not fit kernel '{kernel}': {difference}; the kernel images and this program are not from the same build");

    // Every admitted type but the map is aligned to its own size.
    private static (int Size, int Alignment) SizeOf(Type owner, FieldInfo field)
    {
        Type type = field.FieldType.IsEnum ? Enum.GetUnderlyingType(field.FieldType) : field.FieldType;
        if (type == typeof(CudaTensorMap)) return (CudaTensorMap.Bytes, sizeof(ulong));
        int size = type == typeof(DevicePointer) ? sizeof(ulong) : Type.GetTypeCode(type) switch
        {
            TypeCode.Byte or TypeCode.SByte => sizeof(byte),
            TypeCode.Int16 or TypeCode.UInt16 => sizeof(short),
            TypeCode.Int32 or TypeCode.UInt32 or TypeCode.Single => sizeof(int),
            TypeCode.Int64 or TypeCode.UInt64 or TypeCode.Double => sizeof(long),
            _ => throw new InvalidOperationException(
                $"{owner.Name}.{NameOf(field)} is a {type.Name}; kernel arguments are numbers, enums, {nameof(DevicePointer)} or {nameof(CudaTensorMap)}"),
        };
        return (size, size);
    }

    // "<Rows>k__BackingField" → "Rows"
    private static string NameOf(FieldInfo field) =>
        field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)] : field.Name;

    private static int Align(int offset, int alignment) => (offset + alignment - 1) / alignment * alignment;
}
