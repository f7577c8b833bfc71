#include "checker.h"
#include "../runtime/report.h"
#include "shadow.h"
#include "source_line.h"
#include "written_memory.h"
#include <dlfcn.h>

namespace hostcuda {

// What one worker's checks remember.
struct Checker {
    Shadow shadow;
    // The last device allocations touched: the table cannot change during a launch. Lookups start at the latest.
    static constexpr u32 range_count = 4;
    MemoryRange ranges[range_count];
    u32 next_range;
    MemoryRange image; // the kernel's module: its constants may be read
};

static bool contains(const MemoryRange& range, uintptr_t address, size_t bytes) {
    return address >= range.begin && address + bytes <= range.end;
}

bool is_checked(const Worker& w) { return w.grid->launch.module->flavour == Flavour::checker; }

void begin_checked_launch(Worker& w) {
    if (!is_checked(w)) return;
    if (!w.checker) w.checker = new Checker();
    for (MemoryRange& range : w.checker->ranges) range = {0, 0};
    w.checker->next_range = 0;
    dl_find_object module = {};
    _dl_find_object((void*)w.grid->launch.module, &module);
    w.checker->image = {(uintptr_t)module.dlfo_map_start, (uintptr_t)module.dlfo_map_end};
}

void begin_checks(Worker& w) {
    if (w.checker) w.checker->shadow.next_block();
}

void note_block_barrier(Worker& w) {
    if (w.checker) w.checker->shadow.next_epoch();
}

void note_mbarrier_arrival(Worker& w) {
    if (w.checker) w.checker->shadow.advance();
}

void note_mbarrier_passed(Worker& w) {
    if (w.checker) current->acquired = w.checker->shadow.time();
}

void note_bulk_copy(Worker& w, const void* shared, size_t bytes, const void* pc) {
    if (w.checker) w.checker->shadow.fly((u32)((const char*)shared - w.shared.memory), (u32)bytes, pc);
}

void note_bulk_landed(Worker& w, const void* shared, size_t bytes) {
    if (w.checker) w.checker->shadow.arrive((u32)((const char*)shared - w.shared.memory), (u32)bytes);
}

void note_landed(Worker& w, const void* shared, size_t bytes) {
    if (w.checker) w.checker->shadow.land((u32)((const char*)shared - w.shared.memory), (u32)bytes);
}

void check_operand(Worker& w, u32 offset, u32 bytes, Where where) {
    if (!is_checked(w)) return;
    auto fences_of = [&](u32 thread) { return w.lanes[thread].proxy_fences; };
    Conflict conflict = w.checker->shadow.operand(*current, offset, bytes, fences_of);
    if (conflict.kind) fail(where, "wgmma: an operand %s, at %s", conflict.kind, source_line(conflict.other_pc).c_str());
}

static const char* verb(Access access) {
    switch (access) {
    case Access::write: return "write";
    case Access::atomic: return "atomic update";
    case Access::copy: return "asynchronous copy";
    default: return "read";
    }
}

static void check_shared(Worker& w, u64 offset, size_t bytes, Access access, const void* pc) {
    if (access == Access::read_only) fail_at(pc, "read-only load of shared memory");
    if (!w.shared.holds(offset, bytes)) {
        const SharedArray* array = w.shared.array_below(offset);
        u64 end = array ? array->offset + array->bytes : shared_start + w.shared.dynamic_bytes;
        const char* name = array ? array->name : "dynamic shared memory";
        u32 size = array ? array->bytes : w.shared.dynamic_bytes;
        fail_at(pc, "%s of %zu bytes outside every shared array: %lld bytes past the end of %s (%u bytes)", verb(access), bytes,
                (long long)(offset + bytes) - (long long)end, name, size);
    }
    if (access == Access::volatile_read) return;
    Conflict conflict = w.checker->shadow.note(*current, (u32)offset, (u32)bytes, access, pc);
    if (!conflict.kind) return;
    if (conflict.in_flight && conflict.other == Shadow::bulk_copy)
        fail_at(pc, "%s of shared memory before the wait for the bulk copy to it, issued at %s", verb(access),
                source_line(conflict.other_pc).c_str());
    if (conflict.in_flight)
        fail_at(pc, "%s of shared memory before the wait for the asynchronous copy to it, issued by thread %u at %s", verb(access),
                conflict.other, source_line(conflict.other_pc).c_str());
    std::string other = conflict.other == Shadow::many_readers ? "several threads" : "thread " + std::to_string(conflict.other);
    fail_at(pc, "race on shared memory: %s, with %s at %s", conflict.kind, other.c_str(), source_line(conflict.other_pc).c_str());
}

[[noreturn]] static void fail_global(Worker& w, uintptr_t address, size_t bytes, Access access, const void* pc) {
    if (contains(w.checker->image, address, bytes)) fail_at(pc, "%s of static data of the kernel's module", verb(access));
    if (address - (uintptr_t)w.stacks < max_threads_per_block * stack_size)
        fail_at(pc, "%s of %zu bytes in another thread's local memory", verb(access), bytes);
    // the usual way out of an allocation is a little past its end
    MemoryRange range;
    for (uintptr_t back = 1; back <= 4096; back++)
        if (w.grid->options.find_allocation(address - back, &range))
            fail_at(pc, "%s of %zu bytes at %p: %zu bytes past the end of a device allocation of %zu bytes", verb(access), bytes,
                    (void*)address, (size_t)(address + bytes - range.end), (size_t)(range.end - range.begin));
    fail_at(pc, "%s of %zu bytes at %p, which is in no device allocation", verb(access), bytes, (void*)address);
}

// What a kernel may do before its wait for the one before, and which way it may read what a kernel of the same chain wrote: a read-only load
// may be moved up before the wait by the compiler, or find what a cache kept.
static void check_order(Worker& w, uintptr_t address, size_t bytes, Access access, const void* pc) {
    WrittenMemory* written = w.grid->options.written;
    if (!written) return;
    if (access == Access::write || access == Access::atomic) {
        if (!current->waited) fail_at(pc, "%s of device memory before the wait for the kernel before", verb(access));
        written->add(address, bytes);
    } else if (!current->waited || access == Access::read_only) {
        if (!written->meets(address, bytes)) return;
        if (!current->waited) fail_at(pc, "read of what an earlier kernel writes, before the wait for it");
        fail_at(pc, "read-only load of what a kernel writes that may run at the same time");
    }
}

static void check_global(Worker& w, uintptr_t address, size_t bytes, Access access, const void* pc) {
    check_order(w, address, bytes, access, pc);
    Checker& checker = *w.checker;
    for (const MemoryRange& range : checker.ranges)
        if (contains(range, address, bytes)) return;
    if (!w.grid->options.find_allocation) return;
    bool reads = access == Access::read || access == Access::read_only;
    if (reads && contains(checker.image, address, bytes)) return;
    MemoryRange found;
    if (!w.grid->options.find_allocation(address, &found)) fail_global(w, address, bytes, access, pc);
    if (!contains(found, address, bytes)) fail_global(w, address, bytes, access, pc);
    checker.ranges[checker.next_range++ % Checker::range_count] = found;
}

void check_access(const void* address, size_t bytes, Access access, const void* pc) {
    Lane* me = current;
    if (!me || !me->warp || !bytes) return; // not in a kernel
    if ((uintptr_t)address - (uintptr_t)me->stack < me->stack_bytes) return;
    Worker& w = *worker;
    u64 offset = (uintptr_t)address - (uintptr_t)w.shared.memory;
    if (offset < arena_size) check_shared(w, offset, bytes, access, pc);
    else check_global(w, (uintptr_t)address, bytes, access, pc);
}

} // namespace hostcuda
