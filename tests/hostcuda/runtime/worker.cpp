#include "worker.h"
#include <mutex>
#include <new>
#include <stdlib.h>
#include <sys/mman.h>
#include <vector>

namespace hostcuda {

__thread Worker* worker __attribute__((tls_model("initial-exec"))) = nullptr;

static char* reserve(size_t bytes, int protection) {
    void* p = mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc();
    return (char*)p;
}

static Worker* make_worker() {
    auto* w = new Worker();
    w->host.started = true;
    w->host.warp = nullptr;
    w->lanes = new Lane[max_threads_per_block]();
    w->stacks = reserve(max_threads_per_block * stack_size, PROT_NONE);
    char* arena = reserve(arena_size + 1024, PROT_READ | PROT_WRITE);
    w->shared.memory = (char*)(((uintptr_t)arena + 1023) & ~(uintptr_t)1023);
    for (Warp& warp : w->warps) {
        warp.tile = (float*)aligned_alloc(64, tile_floats * sizeof(float) + 2 * warp_size * sizeof(uint4));
        warp.rows = (uint4*)(warp.tile + tile_floats);
    }
    return w;
}

// A worker's stacks are a thousand mappings, of which a process may have some ten thousands: threads that end hand theirs on.
struct Spares {
    std::mutex lock;
    std::vector<Worker*> workers;

    Worker* take() {
        std::lock_guard<std::mutex> guard(lock);
        if (workers.empty()) return nullptr;
        Worker* last = workers.back();
        workers.pop_back();
        return last;
    }

    void give(Worker* w) {
        std::lock_guard<std::mutex> guard(lock);
        workers.push_back(w);
    }
};

static Spares& spares = *new Spares; // outlives the threads that end last

struct HandsOn {
    ~HandsOn() {
        if (worker) spares.give(worker);
        worker = nullptr;
    }
};

Worker& prepare_worker(u32 threads) {
    if (!worker) {
        static thread_local HandsOn at_the_end;
        (void)&at_the_end;
        worker = spares.take();
        if (!worker) worker = make_worker();
    }
    // stacks become usable as blocks get larger; the lowest page of each stays a guard
    for (u32& count = worker->stack_count; count < threads; count++)
        if (mprotect(worker->stacks + count * stack_size + guard_size, stack_size - guard_size, PROT_READ | PROT_WRITE))
            throw std::bad_alloc();
    return *worker;
}

} // namespace hostcuda
