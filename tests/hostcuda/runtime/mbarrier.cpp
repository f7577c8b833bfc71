#include "mbarrier.h"
#include "../checker/checker.h"
#include "report.h"
#include "schedule.h"
#include <hostcuda/hopper.h>

namespace hostcuda {

void MBarrier::complete_if_done() {
    if (pending || bytes) return;
    phase ^= 1;
    pending = expected;
    note_progress(*worker);
}

static MBarrier& barrier_at(u64* bar, Where where) {
    if ((uintptr_t)bar & 7) fail(where, "misaligned mbarrier at %p", (void*)bar);
    shared_offset(bar, where);
    return *(MBarrier*)bar;
}

void init_mbarrier(u64* bar, u32 arrivals, Where where) {
    MBarrier& m = barrier_at(bar, where);
    m.expected = arrivals;
    m.pending = arrivals;
    m.phase = 0;
    m.bytes = 0;
}

void arrive_mbarrier(u64* bar, u32 expected_bytes, Where where) {
    MBarrier& m = barrier_at(bar, where);
    if (!m.pending) fail(where, "more arrivals at an mbarrier than its phase expects");
    note_mbarrier_arrival(*worker);
    m.bytes += expected_bytes;
    m.pending--;
    m.complete_if_done();
}

bool mbarrier_done(u64* bar, u32 parity, Where where) {
    bool done = barrier_at(bar, where).phase != parity;
    if (done) note_mbarrier_passed(*worker);
    return done;
}

} // namespace hostcuda
