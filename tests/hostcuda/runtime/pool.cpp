#include "pool.h"
#include <condition_variable>
#include <mutex>
#include <thread>

namespace hostcuda {

namespace {

struct Pool {
    std::mutex lock;
    std::condition_variable work, done;
    void (*task)(void*, u32);
    void* context;
    u64 generation = 0; // of the call whose work is out
    u32 wanted = 0;     // threads of that call, the caller's included
    u32 unfinished = 0;
    u32 threads = 0; // started so far

    void serve(u32 i, u64 seen) {
        std::unique_lock<std::mutex> guard(lock);
        for (;;) {
            work.wait(guard, [&] { return generation != seen; });
            seen = generation;
            if (i >= wanted) continue;
            guard.unlock();
            task(context, i);
            guard.lock();
            if (--unfinished == 0) done.notify_all();
        }
    }
};

} // namespace

void run_on_workers(u32 count, void (*task)(void*, u32), void* context) {
    if (count <= 1) {
        task(context, 0);
        return;
    }
    // Leaked on purpose: its threads outlive static destructors, which would wait for them for ever.
    static Pool& pool = *new Pool;
    {
        std::lock_guard<std::mutex> guard(pool.lock);
        while (pool.threads < count - 1) {
            u32 i = ++pool.threads;
            std::thread([i, seen = pool.generation] { pool.serve(i, seen); }).detach();
        }
        pool.task = task;
        pool.context = context;
        pool.wanted = count;
        pool.unfinished = count - 1;
        pool.generation++;
        pool.work.notify_all();
    }
    task(context, 0);
    std::unique_lock<std::mutex> guard(pool.lock);
    pool.done.wait(guard, [&] { return pool.unfinished == 0; });
}

} // namespace hostcuda
