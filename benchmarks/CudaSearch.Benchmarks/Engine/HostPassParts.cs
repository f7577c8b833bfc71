using CudaSearch.Backends.Cuda;
using CudaSearch.Evaluation;
using CudaSearch.Tokenization;

namespace CudaSearch.Benchmarks.Engine;

/// <summary>
/// The parts of <see cref="HostPassBenchmark"/> in one short run, scenes of several sizes in turn: <c>host-pass [--kernels FOLDER] ROUNDS SEQUENCES…</c>. With a
/// folder of kernels passes go to the driver that <c>CUDASEARCH_DRIVER</c> names, without any kernel in them: what launching costs.
/// </summary>
internal static class HostPassParts
{
    private const int PassesOfRound = 500, WarmUp = 2000;

    public static void Run(ReadOnlySpan<string> arguments)
    {
        using CudaBackend? backend = arguments is ["--kernels", var folder, ..] ? new CudaBackend(0, folder) : null;
        if (backend is not null) arguments = arguments[2..];
        var tokenizer = Tokenizer.Load(Path.Combine(Workbench.ResolveModel(Workbench.TinyMath, "generator"), "tokenizer.json"));
        int rounds = int.Parse(arguments[0], null);
        List<(int Sequences, DecodeScene Scene)> scenes = [];
        foreach (string count in arguments[1..]) scenes.Add((int.Parse(count, null), new DecodeScene(int.Parse(count, null), own: 200, tokenizer, backend)));
        foreach ((_, DecodeScene scene) in scenes)
        {
            for (int i = 0; i < WarmUp; i++) scene.Step();
            scene.Times.Clear();
        }
        for (int round = 0; round < rounds; round++)
        {
            foreach ((_, DecodeScene scene) in scenes)
                for (int i = 0; i < PassesOfRound; i++) scene.Step();
        }
        foreach ((int sequences, DecodeScene scene) in scenes) Console.WriteLine($"{sequences} sequences: {scene.Times}");
    }
}
