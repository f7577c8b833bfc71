// Measures accuracy against N on the held-out TinyMath problems: every method and seed, a table (Markdown) and a plot.
//   dotnet run -c Release --project tools/scaling-curve -- OUTPUT_FOLDER [SEEDS] [PROBLEMS] [METHODS] [WEIGHTS] [KV]
// The runs are kept in OUTPUT_FOLDER and continued when they exist already.
using CudaSearch.Backends;
using CudaSearch.Evaluation;
using ScalingCurve;

if (args.Length is 0 or > 6)
{
    Console.Error.WriteLine("usage: scaling-curve OUTPUT_FOLDER [SEEDS=3] [PROBLEMS=350] [METHODS=all, or beam,dvts,rebase,…] [WEIGHTS=stored, or int8, fp8] [KV=native, or fp8]");
    return 1;
}
string folder = Directory.CreateDirectory(args[0]).FullName;
int seeds = args.Length > 1 ? int.Parse(args[1]) : 3;
int problems = args.Length > 2 ? int.Parse(args[2]) : 350;
IReadOnlyList<Method> methods = args.Length > 3 ? Methods.Of(args[3]) : Methods.All;
var precision = new ModelPrecision(
    args.Length > 4 ? Enum.Parse<WeightPrecision>(args[4], ignoreCase: true) : default, args.Length > 5 ? Enum.Parse<KvPrecision>(args[5], ignoreCase: true) : default);
using Workbench workbench = Workbench.Open(new WorkbenchOptions { Precision = precision });
var measurement = new Measurement(workbench, folder, problems, methods);
for (int seed = 1; seed <= seeds; seed++) await measurement.RunSeedAsync((ulong)seed);
IReadOnlyList<Curve> curves = measurement.Curves();
string table = CurveTable.Render(curves, measurement, workbench) + CostTable.Render(measurement);
File.WriteAllText(Path.Combine(folder, "table.md"), table);
Console.Write(table);
CurvePlot.Save(curves, Path.Combine(folder, "curve.png"), Path.Combine(folder, "curve.svg"));
return 0;
