// cp.async: the destination is poisoned when the copy is issued and filled when its group is waited for, never earlier. A missing wait,
// a missing barrier after it, or a copy into a stage that is still being read therefore shows as NaN.
#pragma once
#include "access.h"

namespace hostcuda {
// source null: 16 zero bytes
HOSTCUDA_API void issue_copy(void* shared, const void* source, Where where);
HOSTCUDA_API void commit_copies(Where where);
HOSTCUDA_API void wait_copies(u32 in_flight);
} // namespace hostcuda

HOSTCUDA_INLINE void cp_async16(void* shared, const void* global, bool predicate, hostcuda::Where where = hostcuda::Where::here()) {
    hostcuda::require_aligned16(shared, where);
    HOSTCUDA_CHECK(shared, 16, copy);
    if (predicate) {
        hostcuda::require_aligned16(global, where);
        HOSTCUDA_CHECK(global, 16, read);
    }
    hostcuda::issue_copy(shared, predicate ? global : nullptr, where);
}
HOSTCUDA_INLINE void cp_async_commit(hostcuda::Where where = hostcuda::Where::here()) { hostcuda::commit_copies(where); }
template <int N> HOSTCUDA_INLINE void cp_async_wait() { hostcuda::wait_copies(N); }
