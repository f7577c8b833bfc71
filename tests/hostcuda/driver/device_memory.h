// The device's memory: allocations in one large reserved range of addresses.
//
// - Fresh memory is filled with 0xFF: NaN as float32 and bf16, -1 as an index, so that reading what was never written shows.
// - Every allocation starts on a page of its own and its addresses are not given out again before the whole range is used up:
//   a freed pointer belongs to nobody, so using it is found out.
// - A canary lies behind the last byte, checked whenever the host waits for the device. Under AddressSanitizer it is poisoned instead.
// - With protection on, the pages are PROT_NONE unless a DeviceAccess is alive: host code that follows a device pointer faults.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace hostcuda::driver {

class DeviceMemory {
public:
    static constexpr size_t address_range = 1ull << 40; // nothing is committed before it is allocated

    DeviceMemory(size_t total, bool protect);
    DeviceMemory(const DeviceMemory&) = delete;
    DeviceMemory& operator=(const DeviceMemory&) = delete;

    // The new allocation's address, or 0 when the memory does not suffice.
    uintptr_t allocate(size_t bytes);

    bool starts_at(uintptr_t address) const { return _allocations.count(address) != 0; }
    void release(uintptr_t address); // where an allocation starts
    void release_all();

    // The allocation that holds `address`: [begin, end). Safe from many threads while nothing allocates or releases.
    bool find(uintptr_t address, uintptr_t& begin, uintptr_t& end) const;
    bool contains(uintptr_t address, size_t bytes) const;

    // What a write past the end of an allocation did, or an empty string. The canary is repaired, so each overrun is told once.
    std::string find_overrun();

    // From now on `bytes` are free, as if another process held the rest of the device.
    void leave_free(size_t bytes);

    uintptr_t base() const { return _base; } // of all addresses
    size_t total() const { return _total; }
    size_t free() const;
    size_t used() const { return _used; }
    size_t count() const { return _allocations.size(); }

    void set_protection(bool protect);

private:
    friend class DeviceAccess;

    struct Allocation {
        size_t bytes;    // what was asked for
        size_t reserved; // whole pages: bytes and canary
    };

    uintptr_t place(size_t reserved);
    bool map_filled(uintptr_t address, size_t bytes, size_t reserved);
    void unmap(uintptr_t address, const Allocation& allocation);
    void set_access(int protection);

    size_t _total;
    size_t _used = 0;
    size_t _elsewhere = 0; // held by "another process"
    uintptr_t _base = 0, _next = 0;
    int _fill_file = -1;   // pages of 0xFF that large allocations map copy-on-write
    bool _protect;
    int _accesses = 0;     // DeviceAccess objects alive
    std::map<uintptr_t, Allocation> _allocations;
};

// While one is alive, device memory may be touched by this process. Costs nothing unless protection is on.
class DeviceAccess {
public:
    explicit DeviceAccess(DeviceMemory& memory);
    ~DeviceAccess();
    DeviceAccess(const DeviceAccess&) = delete;
    DeviceAccess& operator=(const DeviceAccess&) = delete;

private:
    DeviceMemory& _memory;
};

}
