// Runs every rung of the ladders of matrix products on this machine's GPU: checks it, times it, and names the fastest of each size.
//   dotnet run -c Release --project tools/kernel-bench -- --shape llama-3.1-8b --m 1,8,64,256,4096
using CudaSearch.Cli;
using KernelBench;

using CommandHost host = CommandHost.OfProcess();
return BenchCommand.Run(args, host);
