namespace CudaSearch.Cuda;

/// <summary>An address in device memory, as kernels take it; <c>default</c> is the null pointer. Eight bytes, eight-byte aligned.</summary>
/// <param name="Address">The address in the device's (unified) address space.</param>
internal readonly record struct DevicePointer(ulong Address)
{
    /// <summary>The address this many bytes further on.</summary>
    public DevicePointer Offset(long bytes) => new(Address + (ulong)bytes);

    /// <inheritdoc/>
    public override string ToString() => $"0x{Address:x}";
}
