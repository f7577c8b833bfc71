// The symbols -fsanitize=thread makes the compiler call, without libtsan: each passes the access on with its return address.
#include <hostcuda/access.h>
#include "../runtime/report.h"

using hostcuda::Access;

namespace {

// Types of natural alignment: a GPU faults where the address has less.
inline void aligned_access(void* p, size_t bytes, Access access, const void* pc) {
    if (__builtin_expect((uintptr_t)p & (bytes - 1), 0) && hostcuda::current)
        hostcuda::fail_at(pc, "misaligned %zu-byte access at %p", bytes, p);
    hostcuda::check_access(p, bytes, access, pc);
}

} // namespace

#define EXPORT extern "C" HOSTCUDA_API
#define PC __builtin_return_address(0)
#define ACCESSES(bytes)                                                                                                                    \
    EXPORT void __tsan_read##bytes(void* p) { aligned_access(p, bytes, Access::read, PC); }                                                \
    EXPORT void __tsan_write##bytes(void* p) { aligned_access(p, bytes, Access::write, PC); }                                              \
    EXPORT void __tsan_volatile_read##bytes(void* p) { aligned_access(p, bytes, Access::volatile_read, PC); }                              \
    EXPORT void __tsan_volatile_write##bytes(void* p) { aligned_access(p, bytes, Access::write, PC); }                                     \
    EXPORT void __tsan_unaligned_read##bytes(void* p) { hostcuda::check_access(p, bytes, Access::read, PC); }                              \
    EXPORT void __tsan_unaligned_write##bytes(void* p) { hostcuda::check_access(p, bytes, Access::write, PC); }

ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

EXPORT void __tsan_read_range(void* p, long bytes) { hostcuda::check_access(p, (size_t)bytes, Access::read, PC); }
EXPORT void __tsan_write_range(void* p, long bytes) { hostcuda::check_access(p, (size_t)bytes, Access::write, PC); }
EXPORT void __tsan_init() {}
EXPORT void __tsan_func_entry(void*) {}
EXPORT void __tsan_func_exit(void*) {}
