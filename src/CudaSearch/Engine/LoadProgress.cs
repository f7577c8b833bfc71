namespace CudaSearch.Engine;

/// <summary>How far the weights of a model are on their way to the device.</summary>
/// <param name="Model">The folder's name.</param>
/// <param name="LoadedBytes">Bytes that are there, in the checkpoint's types.</param>
/// <param name="TotalBytes">Bytes in all.</param>
public readonly record struct LoadProgress(string Model, long LoadedBytes, long TotalBytes);

/// <summary>Adds tensors up.</summary>
internal sealed class LoadCounter(string model, long totalBytes, IProgress<LoadProgress> progress) : IProgress<long>
{
    private long _loaded;

    public void Report(long value)
    {
        _loaded += value;
        progress.Report(new LoadProgress(model, _loaded, totalBytes));
    }
}
