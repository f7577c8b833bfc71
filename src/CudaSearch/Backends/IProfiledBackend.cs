namespace CudaSearch.Backends;

/// <summary>A backend that can take a pass apart and time its parts.</summary>
public interface IProfiledBackend : IBackend
{
    /// <summary>
    /// Runs a pass with each launch timed by itself: the same launches every time for batches of one kind, in the same order. A recorded graph is not used.
    /// </summary>
    PassRecording RunTimed(IPass pass, StepBatch batch);

    /// <summary>Runs a pass as <see cref="IBackend.Run"/> does and returns how many seconds the device was at it, uploads and read-backs left out.</summary>
    double RunWhole(IPass pass, StepBatch batch);

    /// <summary>
    /// Reads the device's clock around every pass from now on, for <see cref="LastInterval"/>. Where passes compute while they are launched, the host's clock
    /// will do, and this does nothing.
    /// </summary>
    void TimePasses()
    {
    }

    /// <summary>
    /// When the device was at the model's last finished pass, on one clock for all models: seconds since <see cref="TimePasses"/>; null where the host was at it.
    /// </summary>
    (double Begin, double End)? LastInterval(IPass pass) => null;

    /// <summary>Makes the next pass find nothing of the one before in the device's caches, where the backend does not see to that in each timed pass.</summary>
    void EmptyCaches();

    /// <summary>A matrix product of somebody else's to compare with; null where there is none.</summary>
    /// <param name="reason">Why there is none; null when there is.</param>
    IProductPeer? OpenProductPeer(out string? reason);
}

/// <summary>Somebody else's matrix product.</summary>
public interface IProductPeer : IDisposable
{
    /// <summary>Whose it is.</summary>
    string Name { get; }

    /// <summary>Computes output = input · weightᵀ once, in bf16, with empty caches.</summary>
    /// <param name="input">[rows, in] operands.</param>
    /// <param name="weight">[out, in]</param>
    /// <param name="rows">Rows of the product.</param>
    /// <param name="output">[rows, out]</param>
    /// <returns>Seconds on the device.</returns>
    double Time(DeviceTensor input, DeviceWeight weight, int rows, DeviceTensor output);
}
