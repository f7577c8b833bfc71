using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CudaSearch.Cuda;

/// <summary>What all kernels have in common.</summary>
internal static class CudaKernel
{
    /// <summary>What must survive trimming of an argument struct so that its layout can be checked.</summary>
    internal const DynamicallyAccessedMemberTypes Fields =
        DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.NonPublicFields;

    /// <summary>Dynamic shared memory that every block may have; more must be asked for per function.</summary>
    internal const int DefaultDynamicShared = 48 * 1024;

    /// <summary>
    /// Kernels compiled for this virtual architecture or a later one wait for the kernel before them (kernels/common/predecessor.cuh); in others that word
    /// is nothing, and they must not start early.
    /// </summary>
    internal const int FirstPtxVersionThatWaits = 90;
}

/// <summary>A kernel with the struct of its arguments. It lives as long as its module.</summary>
/// <typeparam name="TArguments">A sequential struct: the kernel's parameters in order (see <see cref="ArgumentLayout"/>).</typeparam>
internal sealed unsafe class CudaKernel<[DynamicallyAccessedMembers(CudaKernel.Fields)] TArguments>
    where TArguments : unmanaged
{
    private const nint BufferPointer = 1;
    private const nint BufferSize = 2;
    private const nint EndOfList = 0;

    private readonly ModuleHandle _module;
    private readonly nint _function;
    private readonly int _argumentBytes;
    private readonly bool _waits;
    private int _dynamicShared = CudaKernel.DefaultDynamicShared;

    internal CudaKernel(ModuleHandle module, nint function, string name)
    {
        _module = module;
        _function = function;
        Name = name;
        ArgumentField[] layout = ArgumentLayout.Of<TArguments>();
        Type arguments = typeof(TArguments);
        string owner = arguments.DeclaringType is { } type ? type.Name + "." : "";
        ArgumentLayout.Require(layout, owner + arguments.Name, function, name);
        _argumentBytes = ArgumentLayout.End(layout);
        CudaException.Check(DriverApi.cuFuncGetAttribute(out int ptxVersion, FunctionAttribute.PtxVersion, function));
        _waits = ptxVersion >= CudaKernel.FirstPtxVersionThatWaits;
    }

    /// <summary>The function's name in its module.</summary>
    public string Name { get; }

    /// <summary>
    /// Queues a launch, which may start before the kernel before it has ended where <see cref="CudaStream.DependentLaunch"/> and the kernel allow it. The
    /// arguments are copied before this returns; nothing is allocated.
    /// </summary>
    /// <param name="stream">Where it is queued.</param>
    /// <param name="grid">Blocks.</param>
    /// <param name="block">Threads a block.</param>
    /// <param name="arguments">The kernel's parameters.</param>
    /// <param name="dynamicShared">Bytes of dynamic shared memory a block.</param>
    /// <exception cref="CudaException">The driver refused the launch; a fault inside the kernel shows later, where the stream is waited
    /// for.</exception>
    public void Launch(CudaStream stream, Dim3 grid, Dim3 block, in TArguments arguments, int dynamicShared = 0)
    {
        ObjectDisposedException.ThrowIf(_module.IsClosed, this);
        if (dynamicShared > _dynamicShared) AllowDynamicShared(dynamicShared);
        stream.Observer?.Launching(Name);
        StreamHandle handle = stream.Handle;
        bool held = false;
        try
        {
            handle.DangerousAddRef(ref held);
            fixed (TArguments* buffer = &arguments)
            {
                nuint bytes = (nuint)_argumentBytes;
                nint* extra = stackalloc nint[] { BufferPointer, (nint)buffer, BufferSize, (nint)(&bytes), EndOfList };
                var early = new LaunchAttribute { Id = LaunchAttribute.ProgrammaticStreamSerialization, Value = 1 };
                var configuration = new LaunchConfiguration
                {
                    GridX = (uint)grid.X,
                    GridY = (uint)grid.Y,
                    GridZ = (uint)grid.Z,
                    BlockX = (uint)block.X,
                    BlockY = (uint)block.Y,
                    BlockZ = (uint)block.Z,
                    DynamicShared = (uint)dynamicShared,
                    Stream = handle.DangerousGetHandle(),
                    Attributes = &early,
                    AttributeCount = _waits && stream.DependentLaunch ? 1u : 0u,
                };
                int result = DriverApi.cuLaunchKernelEx(&configuration, _function, null, extra);
                if (result != CudaResult.Success) ThrowRefused(result, grid, block, dynamicShared);
            }
        }
        finally
        {
            if (held) handle.DangerousRelease();
        }
        stream.Observer?.Launched();
        GC.KeepAlive(this);
    }

    private void AllowDynamicShared(int bytes)
    {
        int result = DriverApi.cuFuncSetAttribute(_function, FunctionAttribute.MaxDynamicSharedSizeBytes, bytes);
        if (result != CudaResult.Success)
        {
            string wanted = $"{bytes} bytes of dynamic shared memory were asked for";
            throw CudaException.Create(result, nameof(DriverApi.cuFuncSetAttribute), Name, wanted);
        }
        _dynamicShared = bytes;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ThrowRefused(int result, Dim3 grid, Dim3 block, int dynamicShared)
    {
        string shape = $"grid {grid}, block {block}, {dynamicShared} bytes of dynamic shared memory";
        throw CudaException.Create(result, nameof(DriverApi.cuLaunchKernelEx), Name, shape);
    }
}
