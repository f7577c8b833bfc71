using System.Runtime.InteropServices;
using CudaSearch.Cli;

using var cancellation = new CancellationTokenSource();
// A first Ctrl+C ends the run cleanly; a second one, while that takes its time, ends the process as usual.
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
using CommandHost host = CommandHost.OfProcess();
return await CommandLine.RunAsync(args, host, cancellation.Token);

void Cancel(PosixSignalContext context)
{
    context.Cancel = !cancellation.IsCancellationRequested;
    cancellation.Cancel();
}
