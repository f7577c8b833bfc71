using System.Runtime.InteropServices;
using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cache;
using CudaSearch.Cuda.Tests.Support;

namespace CudaSearch.Cuda.Tests.Kernels;

/// <summary>Runs the attention kernels over a scene. The output is poisoned first, so rows that nobody wrote are NaN.</summary>
internal sealed class AttendRunner(DeviceFixture device)
{
    /// <summary>The project's kernel for a scene.</summary>
    public AttendRangesKernel RangesFor(AttendScene scene) => new(device.Kernels, scene.HeadDim, scene.Kv);

    /// <inheritdoc cref="RangesFor"/>
    public AttendPrefillKernel PrefillFor(AttendScene scene) => new(device.Kernels, scene.HeadDim, scene.Kv);

    /// <summary>Spans through a plan. The output's bytes; arrivals must be zero again.</summary>
    public byte[] Ranges(
        AttendScene scene, IEnumerable<QuerySpan> spans, bool share = true, int blocks = 3, int launches = 1, int stateKeys = 0, int minItems = 0)
    {
        var pass = new AttendPass { Rows = scene.Rows };
        pass.Plan.Build([.. spans], share, stateKeys, minItems);
        (byte[] output, int[] arrivals) = Ranges(scene, pass, RangesFor(scene), blocks, launches);
        Assert.All(arrivals, count => Assert.Equal(0, count));
        return output;
    }

    /// <summary>A plan. The output's bytes, and what is left of the arrivals.</summary>
    public (byte[] Output, int[] Arrivals) Ranges(AttendScene scene, AttendPass pass, AttendRangesKernel kernel, int blocks, int launches = 1)
    {
        int states = Math.Max(1, pass.Plan.PartialCount) * scene.Heads;
        using CudaDeviceVariable<float> partialOutputs = device.Poisoned<float>(states * scene.HeadDim);
        using CudaDeviceVariable<float> partialMaxSums = device.Poisoned<float>(states * 2);
        using CudaDeviceVariable<int> arrivals = device.Upload<int>(new int[scene.Rows * scene.KvHeads]);
        var workspace = new AttendRangesKernel.Workspace(partialOutputs.Pointer, partialMaxSums.Pointer, arrivals.Pointer);
        byte[] output = Run(scene, pass, (words, queries, cache, output) =>
        {
            for (int i = 0; i < launches; i++)
            {
                kernel.Launch(
                    device.Stream, blocks, words, queries, cache, workspace, output, scene.Heads, scene.KvHeads, scene.ScaleLog2);
            }
        });
        return (output, device.Download(arrivals));
    }

    /// <summary>Spans through tiles. The output's bytes.</summary>
    public byte[] Prefill(
        AttendScene scene, IEnumerable<QuerySpan> spans, int? tileRows = null, int spareTiles = 1, AttendPrefillKernel? kernel = null)
    {
        var pass = new AttendPass { Rows = scene.Rows };
        foreach (QuerySpan span in spans) pass.AddTiles(span, tileRows ?? AttendPrefillKernel.TileRows(scene.Heads, scene.KvHeads));
        return Run(scene, pass, (words, queries, cache, output) => (kernel ?? PrefillFor(scene)).Launch(
            device.Stream, pass.TileCount + spareTiles, words, queries, cache, scene.PageCount, output, scene.Heads, scene.KvHeads, scene.ScaleLog2));
    }

    private byte[] Run(AttendScene scene, AttendPass pass, Action<DevicePointer, DevicePointer, DevicePointer, DevicePointer> launch)
    {
        using CudaDeviceVariable<int> words = device.Upload<int>(pass.ToWords(AttendRangesKernel.UnitRows(scene.Heads, scene.KvHeads)));
        using CudaDeviceVariable<ushort> queries = device.Upload<ushort>(scene.Queries);
        using CudaDeviceVariable<byte> cache =
            device.Upload(scene.Kv == KvPrecision.Fp8 ? scene.CacheInE4M3 : MemoryMarshal.AsBytes<ushort>(scene.Cache));
        using CudaDeviceVariable<ushort> output = device.Poisoned<ushort>(scene.Queries.Length);
        launch(words.Pointer, queries.Pointer, cache.Pointer, output.Pointer);
        device.Stream.Synchronize();
        return MemoryMarshal.AsBytes<ushort>(device.Download(output)).ToArray();
    }
}
