// The checker: what kernels compiled with -fsanitize=thread report of every load and store, judged. They are linked against the callbacks
// in callbacks.cpp instead of libtsan, so it works in any process.
#pragma once
#include "../runtime/worker.h"

namespace hostcuda {

// Called by the runtime at the start of a launch, of a block, and at a __syncthreads. They do nothing for other flavours.
void begin_checked_launch(Worker& w);
void begin_checks(Worker& w);
void note_block_barrier(Worker& w);

// The current lane arrived at an mbarrier, or got past one.
void note_mbarrier_arrival(Worker& w);
void note_mbarrier_passed(Worker& w);

// A bulk copy to shared memory was issued at `pc` by the current lane. What it replaces is forgotten.
void note_bulk_copy(Worker& w, const void* shared, size_t bytes, const void* pc);

// It has landed, and tells its mbarrier: only who has got past that one may look at the bytes.
void note_bulk_landed(Worker& w, const void* shared, size_t bytes);

// An asynchronous copy of a thread to shared memory has landed; until then its destination must not be touched.
void note_landed(Worker& w, const void* shared, size_t bytes);

// The tensor cores read an operand for the current lane's warpgroup.
void check_operand(Worker& w, u32 offset, u32 bytes, Where where);

// Whether the kernel reports its accesses.
bool is_checked(const Worker& w);

} // namespace hostcuda
