namespace CudaSearch.Cuda;

/// <summary>Watches the launches of a stream, one by one. A stream without one pays a comparison with null a launch.</summary>
internal interface ILaunchObserver
{
    /// <summary>A kernel is about to be queued.</summary>
    void Launching(string kernel);

    /// <summary>It was queued.</summary>
    void Launched();
}
