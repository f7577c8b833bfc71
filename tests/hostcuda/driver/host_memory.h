// Page-locked host memory: which addresses the driver handed out, so that copies can be checked against them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

namespace hostcuda::driver {

class HostMemory {
public:
    HostMemory() = default;
    ~HostMemory() { release_all(); }
    HostMemory(const HostMemory&) = delete;
    HostMemory& operator=(const HostMemory&) = delete;

    void* allocate(size_t bytes); // filled with 0xFF; null when there is none
    bool starts_at(void* pointer) const { return _allocations.count(reinterpret_cast<uintptr_t>(pointer)) != 0; }
    void release(void* start); // of an allocation
    void release_all();

    // The allocation that holds `address`: [begin, end). Safe from many threads while nothing allocates or releases.
    bool find(uintptr_t address, uintptr_t& begin, uintptr_t& end) const;

    size_t count() const { return _allocations.size(); }

private:
    std::map<uintptr_t, size_t> _allocations;
};

}
