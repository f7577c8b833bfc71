// Copies and fills.
//
// Both ends are checked when the call is made and again when the copy runs: a graph keeps pointers that may be freed in between.
// Asynchronous copies touch host memory only when they run, whatever kind of memory it is: a caller that reuses its buffer early, or reads
// a result early, sees wrong data.
#include <cstring>

#include "device.h"

namespace hostcuda::driver {

// One end of a copy.
struct Range {
    enum class Space { device, page_locked, pageable };
    Space space;
    uintptr_t address;
    size_t bytes;

    char* data() const { return reinterpret_cast<char*>(address); }
};

static Range device_range(CUdeviceptr pointer, size_t bytes) { return {Range::Space::device, static_cast<uintptr_t>(pointer), bytes}; }

static Range host_range(const Device& device, const void* pointer, size_t bytes) {
    uintptr_t address = reinterpret_cast<uintptr_t>(pointer), begin, end;
    bool locked = device.host_memory.find(address, begin, end);
    return {locked ? Range::Space::page_locked : Range::Space::pageable, address, bytes};
}

static bool is_valid(const Device& device, const Range& range) {
    uintptr_t begin, end;
    switch (range.space) {
        case Range::Space::device: return device.memory.contains(range.address, range.bytes);
        case Range::Space::page_locked: return device.host_memory.find(range.address, begin, end) && range.bytes <= end - range.address;
        case Range::Space::pageable: return range.address != 0; // nobody told the driver about it
    }
    return false;
}

static Outcome freed_since() {
    return {CUDA_ERROR_ILLEGAL_ADDRESS, "a copy or fill in a graph uses memory that was freed after it was captured"};
}

static Operation copy_operation(Device& device, Range to, Range from) {
    return {Operation::Kind::copy, [&device, to, from] {
                if (!is_valid(device, to) || !is_valid(device, from)) return freed_since();
                device.counters.copies_run++;
                memmove(to.data(), from.data(), from.bytes);
                return Outcome{};
            }};
}

static CUresult submit_copy(Device& device, const std::shared_ptr<Stream>& stream, Range to, Range from) {
    if (!stream) return CUDA_ERROR_INVALID_HANDLE;
    if (from.bytes == 0) return CUDA_SUCCESS;
    if (!is_valid(device, to) || !is_valid(device, from)) return CUDA_ERROR_INVALID_VALUE;
    if (!stream->capture) device.counters.copies++;
    return device.submit(stream, copy_operation(device, to, from));
}

// Blocking copies go through the legacy stream: they wait for blocking streams, not for non-blocking ones.
static CUresult copy_and_wait(Device& device, Range to, Range from) {
    if (CUresult refused = submit_copy(device, device.legacy_stream, to, from)) return refused;
    return device.wait_for({device.legacy_stream, device.legacy_stream->queued});
}

HOSTCUDA_API CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, size_t bytes) {
    return enter(__func__, Needs::no_capture,
                 [&](Device& device) { return copy_and_wait(device, device_range(to, bytes), host_range(device, from, bytes)); });
}

HOSTCUDA_API CUresult cuMemcpyDtoH_v2(void* to, CUdeviceptr from, size_t bytes) {
    return enter(__func__, Needs::no_capture,
                 [&](Device& device) { return copy_and_wait(device, host_range(device, to, bytes), device_range(from, bytes)); });
}

HOSTCUDA_API CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
    return enter(__func__, Needs::no_capture,
                 [&](Device& device) { return copy_and_wait(device, device_range(to, bytes), device_range(from, bytes)); });
}

HOSTCUDA_API CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, size_t bytes, CUstream stream) {
    return enter(__func__, Needs::context, [&](Device& device) {
        return submit_copy(device, device.find_stream(stream), device_range(to, bytes), host_range(device, from, bytes));
    });
}

HOSTCUDA_API CUresult cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, size_t bytes, CUstream stream) {
    return enter(__func__, Needs::context, [&](Device& device) {
        return submit_copy(device, device.find_stream(stream), host_range(device, to, bytes), device_range(from, bytes));
    });
}

HOSTCUDA_API CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
    return enter(__func__, Needs::context, [&](Device& device) {
        return submit_copy(device, device.find_stream(stream), device_range(to, bytes), device_range(from, bytes));
    });
}

// Fills `count` elements of type T, which a fill's address must be aligned to.
template <class T>
static CUresult submit_fill(Device& device, const std::shared_ptr<Stream>& stream, CUdeviceptr pointer, T value, size_t count) {
    if (!stream) return CUDA_ERROR_INVALID_HANDLE;
    if (count == 0) return CUDA_SUCCESS;
    Range range = device_range(pointer, count * sizeof(T));
    if (pointer % sizeof(T) || !is_valid(device, range)) return CUDA_ERROR_INVALID_VALUE;
    auto run = [&device, range, value, count] {
        if (!is_valid(device, range)) return freed_since();
        T* elements = reinterpret_cast<T*>(range.address);
        for (size_t i = 0; i < count; i++) elements[i] = value;
        return Outcome{};
    };
    return device.submit(stream, {Operation::Kind::fill, run});
}

HOSTCUDA_API CUresult cuMemsetD8Async(CUdeviceptr pointer, unsigned char value, size_t count, CUstream stream) {
    return enter(__func__, Needs::context,
                 [&](Device& device) { return submit_fill(device, device.find_stream(stream), pointer, value, count); });
}

HOSTCUDA_API CUresult cuMemsetD32Async(CUdeviceptr pointer, unsigned value, size_t count, CUstream stream) {
    return enter(__func__, Needs::context,
                 [&](Device& device) { return submit_fill(device, device.find_stream(stream), pointer, value, count); });
}

// Fills without a stream go through the legacy stream and do not make the host wait.
HOSTCUDA_API CUresult cuMemsetD8_v2(CUdeviceptr pointer, unsigned char value, size_t count) {
    return enter(__func__, Needs::no_capture,
                 [&](Device& device) { return submit_fill(device, device.legacy_stream, pointer, value, count); });
}

HOSTCUDA_API CUresult cuMemsetD32_v2(CUdeviceptr pointer, unsigned value, size_t count) {
    return enter(__func__, Needs::no_capture,
                 [&](Device& device) { return submit_fill(device, device.legacy_stream, pointer, value, count); });
}

}
