#include "worker.h"
#include <new>
#include <stdlib.h>
#include <sys/mman.h>

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

Worker& prepare_worker(u32 threads) {
    if (!worker) worker = make_worker();
    // stacks become usable as blocks get larger; the lowest page of each stays a guard
    for (u32& count = worker->stack_count; count < threads; count++)
        if (mprotect(worker->stacks + count * stack_size + guard_size, stack_size - guard_size, PROT_READ | PROT_WRITE))
            throw std::bad_alloc();
    return *worker;
}

} // namespace hostcuda
