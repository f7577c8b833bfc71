using BenchmarkDotNet.Running;
using CudaSearch.Benchmarks.Engine;

if (args is ["host-pass", ..]) HostPassParts.Run(args.AsSpan(1));
else BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
