#include "written_memory.h"
#include <new>
#include <sys/mman.h>

namespace hostcuda {

WrittenMemory::WrittenMemory(uintptr_t base, size_t bytes) : _base(base), _bytes(bytes), _bit_bytes(bytes / cell_bytes / 8 + 1) {
    // zero pages that cost nothing until they are touched
    void* bits = mmap(nullptr, _bit_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (bits == MAP_FAILED) throw std::bad_alloc();
    _bits = (uint8_t*)bits;
}

void WrittenMemory::clear() {
    if (!_empty) madvise(_bits, _bit_bytes, MADV_DONTNEED); // they read as zero again
    _empty = true;
}

void WrittenMemory::add(uintptr_t address, size_t bytes) {
    if (!covers(address, bytes)) return;
    __atomic_store_n(&_empty, false, __ATOMIC_RELAXED);
    size_t last = (address - _base + bytes - 1) / cell_bytes;
    for (size_t cell = (address - _base) / cell_bytes; cell <= last; cell++)
        __atomic_fetch_or(&_bits[cell / 8], (uint8_t)(1 << cell % 8), __ATOMIC_RELAXED);
}

bool WrittenMemory::meets(uintptr_t address, size_t bytes) const {
    if (!covers(address, bytes)) return false;
    size_t last = (address - _base + bytes - 1) / cell_bytes;
    for (size_t cell = (address - _base) / cell_bytes; cell <= last; cell++)
        if (__atomic_load_n(&_bits[cell / 8], __ATOMIC_RELAXED) >> cell % 8 & 1) return true;
    return false;
}

} // namespace hostcuda
