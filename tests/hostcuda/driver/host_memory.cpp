#include "host_memory.h"

#include <cstdlib>
#include <cstring>

namespace hostcuda::driver {

void* HostMemory::allocate(size_t bytes) {
    void* start = nullptr;
    if (posix_memalign(&start, 4096, bytes)) return nullptr;
    memset(start, 0xFF, bytes);
    _allocations.emplace(reinterpret_cast<uintptr_t>(start), bytes);
    return start;
}

void HostMemory::release(void* start) {
    _allocations.erase(reinterpret_cast<uintptr_t>(start));
    free(start);
}

void HostMemory::release_all() {
    for (const auto& [address, bytes] : _allocations) free(reinterpret_cast<void*>(address));
    _allocations.clear();
}

bool HostMemory::find(uintptr_t address, uintptr_t& begin, uintptr_t& end) const {
    auto above = _allocations.upper_bound(address);
    if (above == _allocations.begin()) return false;
    const auto& [start, bytes] = *std::prev(above);
    if (address - start >= bytes) return false;
    begin = start;
    end = start + bytes;
    return true;
}

}
