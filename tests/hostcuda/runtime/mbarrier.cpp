#include "mbarrier.h"
#include "../checker/checker.h"
#include "report.h"
#include "schedule.h"
#include <algorithm>
#include <hostcuda/hopper.h>

namespace hostcuda {

void MBarrier::complete_if_done() {
    if (pending || bytes) return;
    phase ^= 1;
    pending = expected;
    note_progress(*worker);
}

MBarrier& require_mbarrier(u64* bar, Where where) {
    const auto& known = worker->mbarriers;
    if (std::find(known.begin(), known.end(), shared_offset(bar, where)) == known.end())
        fail(where, "the mbarrier at %p has not been initialised", (void*)bar);
    return *(MBarrier*)bar;
}

void init_mbarrier(u64* bar, u32 arrivals, Where where) {
    if ((uintptr_t)bar & 7) fail(where, "misaligned mbarrier at %p", (void*)bar);
    worker->mbarriers.push_back(shared_offset(bar, where));
    MBarrier& m = require_mbarrier(bar, where);
    m.expected = arrivals;
    m.pending = arrivals;
    m.phase = 0;
    m.bytes = 0;
}

void arrive_mbarrier(u64* bar, u32 expected_bytes, Where where) {
    MBarrier& m = require_mbarrier(bar, where);
    if (!m.pending) fail(where, "more arrivals at an mbarrier than its phase expects");
    if (expected_bytes > max_announced_bytes) fail(where, "%u bytes announced to an mbarrier, limit %u", expected_bytes, max_announced_bytes);
    note_mbarrier_arrival(*worker);
    m.bytes += expected_bytes;
    m.pending--;
    m.complete_if_done();
}

bool mbarrier_done(u64* bar, u32 parity, Where where) {
    bool done = require_mbarrier(bar, where).phase != parity;
    if (done) note_mbarrier_passed(*worker);
    return done;
}

} // namespace hostcuda
