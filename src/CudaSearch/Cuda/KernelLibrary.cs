using System.Diagnostics.CodeAnalysis;

namespace CudaSearch.Cuda;

/// <summary>
/// The kernels of the project on one device: modules are loaded when a kernel of theirs is first asked for. Safe for several threads.
/// </summary>
internal sealed class KernelLibrary : IDisposable
{
    private readonly KernelImages _images;
    private readonly Dictionary<string, CudaModule> _modules = [];
    private readonly Lock _lock = new();

    /// <summary>Chooses the images for a device.</summary>
    /// <param name="context">The device; current on every thread that asks for kernels.</param>
    /// <param name="folder">The folder of images; null: see <see cref="KernelImages.Find"/>.</param>
    /// <exception cref="CudaSearchException"><see cref="Failure.DeviceUnavailable"/>: there are no images for this device.</exception>
    public KernelLibrary(CudaContext context, string? folder = null) =>
        _images = KernelImages.Find(folder, context.Name, context.ComputeCapability);

    /// <summary>Which images are used, such as <c>sm_90a PTX</c>.</summary>
    public string Description => _images.Description;

    /// <summary>A kernel, its argument struct checked.</summary>
    /// <param name="module">The operation: the image's file name without its extension.</param>
    /// <param name="function">The kernel in it.</param>
    public CudaKernel<TArguments> Get<[DynamicallyAccessedMembers(CudaKernel.Fields)] TArguments>(string module, string function)
        where TArguments : unmanaged
    {
        lock (_lock)
        {
            if (!_modules.TryGetValue(module, out CudaModule? loaded))
                _modules[module] = loaded = CudaModule.Load(_images.Read(module), module);
            return loaded.GetKernel<TArguments>(function);
        }
    }

    /// <summary>Unloads the modules; kernels of theirs can be launched no more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (CudaModule module in _modules.Values) module.Dispose();
            _modules.Clear();
        }
    }
}
