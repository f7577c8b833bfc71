namespace CudaSearch.Backends.Cpu;

/// <summary>A loop body that the pool runs for part = 0 .. parts-1, in any order, on any thread.</summary>
internal interface IParallelWork
{
    void Execute(int part);
}

/// <summary>
/// The threads of the CPU backend. A pass is a hundred short loops, so workers spin briefly between loops and then sleep: a
/// machine shared with other processes is not held hostage. Running a loop allocates nothing.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    private const int SpinsBeforeSleep = 2000;

    private readonly Thread[] _threads;
    private readonly object _sleep = new();
    private IParallelWork? _work;
    private int _unfinished;
    private int _sleepers;
    private volatile bool _stopping;
    private volatile Exception? _failure;

    // Upper half: number of the loop; lower half: parts not yet taken. One word, and nothing beside it decides whether a part is left: a worker that is
    // late sees 0 until the next loop is published whole, and can never take a part of a loop that is being set up.
    private long _ticket;

    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _threads = new Thread[threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(WorkUntilStopped) { IsBackground = true, Name = $"cudasearch-worker-{i + 1}" };
            _threads[i].Start();
        }
    }

    /// <summary>Threads that work on a loop, the caller included.</summary>
    public int ThreadCount => _threads.Length + 1;

    /// <summary>Runs all parts and returns when the last is done. Called by one thread at a time.</summary>
    public void Run(int parts, IParallelWork work)
    {
        if (parts <= 1 || _threads.Length == 0)
        {
            for (int part = 0; part < parts; part++) work.Execute(part);
            return;
        }
        _work = work;
        Volatile.Write(ref _unfinished, parts);
        long loop = (Volatile.Read(ref _ticket) >> 32) + 1;
        Interlocked.Exchange(ref _ticket, loop << 32 | (uint)parts);
        if (Volatile.Read(ref _sleepers) > 0)
        {
            lock (_sleep) Monitor.PulseAll(_sleep);
        }
        TakeParts(loop);
        var wait = new SpinWait();
        while (Volatile.Read(ref _unfinished) > 0) wait.SpinOnce(sleep1Threshold: -1);
        if (_failure is { } failure)
        {
            _failure = null;
            throw new InvalidOperationException("a worker thread failed", failure);
        }
    }

    private void TakeParts(long loop)
    {
        while (true)
        {
            long ticket = Volatile.Read(ref _ticket);
            int left = (int)ticket;
            if (ticket >> 32 != loop || left == 0) return;
            // Read before the exchange: if it succeeds, a part of this loop was left all the while, so the field was this loop's own.
            IParallelWork work = Volatile.Read(ref _work)!;
            if (Interlocked.CompareExchange(ref _ticket, ticket - 1, ticket) != ticket) continue;
            try
            {
                work.Execute(left - 1);
            }
            catch (Exception exception)
            {
                _failure = exception;
            }
            Interlocked.Decrement(ref _unfinished);
        }
    }

    private void WorkUntilStopped()
    {
        long done = 0;
        while (!_stopping)
        {
            for (int spin = 0; Volatile.Read(ref _ticket) >> 32 == done && spin < SpinsBeforeSleep; spin++) Thread.SpinWait(20);
            long loop = Volatile.Read(ref _ticket) >> 32;
            if (loop == done)
            {
                Sleep(done);
                continue;
            }
            TakeParts(loop);
            done = loop;
        }
    }

    private void Sleep(long done)
    {
        lock (_sleep)
        {
            // Announced before looking again: whoever publishes a loop after our look sees a sleeper and pulses.
            Interlocked.Increment(ref _sleepers);
            if (Volatile.Read(ref _ticket) >> 32 == done && !_stopping) Monitor.Wait(_sleep);
            Interlocked.Decrement(ref _sleepers);
        }
    }

    public void Dispose()
    {
        _stopping = true;
        lock (_sleep) Monitor.PulseAll(_sleep);
        foreach (Thread thread in _threads) thread.Join();
    }
}
