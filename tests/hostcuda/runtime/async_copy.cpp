#include "async_copy.h"
#include "../checker/checker.h"
#include "report.h"
#include <hostcuda/async_copy.h>
#include <hostcuda/matrix.h>
#include <new>

namespace hostcuda {

static CopyQueue& queue_of(Lane& lane) {
    if (!lane.copies) lane.copies = new CopyQueue();
    return *lane.copies;
}

void forget_copies(Lane& lane) {
    if (CopyQueue* q = lane.copies) q->copy_head = q->copy_tail = q->group_head = q->group_tail = 0;
}

void issue_copy(void* shared, const void* source, Where where) {
    CopyQueue& q = queue_of(*current);
    shared_offset(shared, where);
    if (q.copy_tail - q.copy_head == CopyQueue::max_copies) fail(where, "more than %u cp.async of one thread in flight", q.max_copies);
    q.copies[q.copy_tail++ % CopyQueue::max_copies] = {shared, source};
    memset(shared, 0xff, 16);
}

void commit_copies(Where where) {
    CopyQueue& q = queue_of(*current);
    if (q.group_tail - q.group_head == CopyQueue::max_groups) fail(where, "more than %u cp.async groups in flight", q.max_groups);
    q.group_ends[q.group_tail++ % CopyQueue::max_groups] = q.copy_tail;
}

void wait_copies(u32 in_flight) {
    CopyQueue& q = queue_of(*current);
    while (q.group_tail - q.group_head > in_flight) {
        u32 end = q.group_ends[q.group_head++ % CopyQueue::max_groups];
        while (q.copy_head != end) {
            const CopyQueue::Copy& copy = q.copies[q.copy_head++ % CopyQueue::max_copies];
            if (copy.source) memcpy(copy.shared, copy.source, 16);
            else memset(copy.shared, 0, 16);
            note_landed(*worker, copy.shared, 16);
        }
    }
}

} // namespace hostcuda
