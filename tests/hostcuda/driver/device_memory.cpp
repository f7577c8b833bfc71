#include "device_memory.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace hostcuda::driver {

constexpr size_t page = 4096;
constexpr size_t canary_bytes = 256;
constexpr unsigned char canary_value = 0xA5;
constexpr unsigned char fill_value = 0xFF;
constexpr size_t mapped_fill_from = 4ull << 20;    // larger allocations share one file of 0xFF until they are written
constexpr size_t fill_file_bytes = 16ull << 20;

static char* pointer(uintptr_t address) { return reinterpret_cast<char*>(address); }

static size_t whole_pages(size_t bytes) { return (bytes + page - 1) / page * page; }

DeviceMemory::DeviceMemory(size_t total, bool protect) : _total(total), _protect(protect) {
    void* range = mmap(nullptr, address_range, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range != MAP_FAILED) _base = _next = reinterpret_cast<uintptr_t>(range);
}

size_t DeviceMemory::free() const {
    size_t taken = _used + _elsewhere;
    return taken < _total ? _total - taken : 0;
}

void DeviceMemory::leave_free(size_t bytes) {
    _elsewhere = _total - _used - std::min(bytes, _total - _used);
}

// An unused stretch of addresses with an unmapped page behind it: onwards from the last one, then wherever there is a gap.
uintptr_t DeviceMemory::place(size_t reserved) {
    size_t need = reserved + page;
    uintptr_t end = _base + address_range;
    if (!_base || need > address_range) return 0;
    if (end - _next >= need) {
        uintptr_t address = _next;
        _next += need;
        return address;
    }
    uintptr_t gap = _base;
    for (const auto& [address, allocation] : _allocations) {
        if (address - gap >= need) break;
        gap = address + allocation.reserved + page;
    }
    return end - gap >= need ? gap : 0;
}

// Large allocations are not written at once: they map this file again and again, copy-on-write.
static int make_fill_file() {
    int file = memfd_create("hostcuda-fill", MFD_CLOEXEC);
    std::vector<unsigned char> block(1 << 20, fill_value);
    for (size_t written = 0; file >= 0 && written < fill_file_bytes; written += block.size()) {
        if (write(file, block.data(), block.size()) == static_cast<ssize_t>(block.size())) continue;
        close(file);
        file = -1;
    }
    return file;
}

bool DeviceMemory::map_filled(uintptr_t address, size_t bytes, size_t reserved) {
    if (mprotect(pointer(address), reserved, PROT_READ | PROT_WRITE)) return false;
    if (bytes < mapped_fill_from) {
        memset(pointer(address), fill_value, bytes);
        return true;
    }
    if (_fill_file < 0) _fill_file = make_fill_file();
    if (_fill_file < 0) return false;
    for (size_t done = 0; done < reserved; done += fill_file_bytes) {
        size_t part = std::min(fill_file_bytes, reserved - done);
        void* at = mmap(pointer(address + done), part, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, _fill_file, 0);
        if (at == MAP_FAILED) return false;
    }
    return true;
}

uintptr_t DeviceMemory::allocate(size_t bytes) {
    if (bytes > free()) return 0;
    Allocation allocation{bytes, whole_pages(bytes + canary_bytes)};
    uintptr_t address = place(allocation.reserved);
    if (!address) return 0;
    if (!map_filled(address, bytes, allocation.reserved)) {
        unmap(address, allocation);
        return 0;
    }
#ifdef __SANITIZE_ADDRESS__
    ASAN_UNPOISON_MEMORY_REGION(pointer(address), bytes);
    ASAN_POISON_MEMORY_REGION(pointer(address) + bytes, allocation.reserved - bytes);
#else
    memset(pointer(address) + bytes, canary_value, canary_bytes);
#endif
    if (_protect && _accesses == 0) mprotect(pointer(address), allocation.reserved, PROT_NONE);
    _allocations.emplace(address, allocation);
    _used += bytes;
    return address;
}

// Gives the pages back and leaves the addresses reserved, so that touching them faults.
void DeviceMemory::unmap(uintptr_t address, const Allocation& allocation) {
#ifdef __SANITIZE_ADDRESS__
    ASAN_POISON_MEMORY_REGION(pointer(address), allocation.reserved);
#endif
    mmap(pointer(address), allocation.reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

void DeviceMemory::release(uintptr_t address) {
    auto found = _allocations.find(address);
    unmap(address, found->second);
    _used -= found->second.bytes;
    _allocations.erase(found);
}

void DeviceMemory::release_all() {
    for (const auto& [address, allocation] : _allocations) unmap(address, allocation);
    _allocations.clear();
    _used = 0;
}

bool DeviceMemory::find(uintptr_t address, uintptr_t& begin, uintptr_t& end) const {
    auto above = _allocations.upper_bound(address);
    if (above == _allocations.begin()) return false;
    const auto& [start, allocation] = *std::prev(above);
    if (address - start >= allocation.bytes) return false;
    begin = start;
    end = start + allocation.bytes;
    return true;
}

bool DeviceMemory::contains(uintptr_t address, size_t bytes) const {
    uintptr_t begin, end;
    return find(address, begin, end) && bytes <= end - address;
}

std::string DeviceMemory::find_overrun() {
    std::string report;
#ifndef __SANITIZE_ADDRESS__
    static const std::string intact(canary_bytes, static_cast<char>(canary_value));
    for (const auto& [address, allocation] : _allocations) {
        char* canary = pointer(address) + allocation.bytes;
        if (!memcmp(canary, intact.data(), canary_bytes)) continue;
        size_t first = 0;
        while (canary[first] == intact[first]) first++;
        char text[160];
        snprintf(text, sizeof text, "write past the end of the device buffer 0x%" PRIxPTR " (%zu bytes), first at byte +%zu",
                 address, allocation.bytes, allocation.bytes + first);
        if (report.empty()) report = text;
        memset(canary, canary_value, canary_bytes);
    }
#endif
    return report;
}

void DeviceMemory::set_access(int protection) {
    for (const auto& [address, allocation] : _allocations) mprotect(pointer(address), allocation.reserved, protection);
}

void DeviceMemory::set_protection(bool protect) {
    if (_protect == protect) return;
    _protect = protect;
    if (_accesses == 0) set_access(protect ? PROT_NONE : PROT_READ | PROT_WRITE);
}

DeviceAccess::DeviceAccess(DeviceMemory& memory) : _memory(memory) {
    if (_memory._accesses++ == 0 && _memory._protect) _memory.set_access(PROT_READ | PROT_WRITE);
}

DeviceAccess::~DeviceAccess() {
    if (--_memory._accesses == 0 && _memory._protect) _memory.set_access(PROT_NONE);
}

}
