// Checks PTX files against what the project allows itself:
//   dotnet run -c Release --project tools/ptx-lint -- FILE.ptx|FOLDER …
// The name of a file's folder is the target it must have been compiled for. Exit status 1 when anything is refused.
using PtxLint;

if (args.Length == 0)
{
    Console.Error.WriteLine("usage: ptx-lint FILE.ptx|FOLDER ...");
    return 1;
}
int files = 0, violations = 0;
foreach (string path in args.SelectMany(Expand))
{
    files++;
    foreach (PtxViolation violation in PtxLinter.CheckFile(path))
    {
        Console.WriteLine($"{path}:{violation.Line}: {violation.Message}");
        violations++;
    }
}
Console.WriteLine($"{files} PTX files, {(violations == 0 ? "nothing" : violations)} to refuse");
return violations == 0 && files > 0 ? 0 : 1;

static IEnumerable<string> Expand(string path) => Directory.Exists(path)
    ? Directory.EnumerateFiles(path, "*.ptx", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
    : [path];
