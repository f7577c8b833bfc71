// The exported control functions; see control.h.
#include "control.h"

#include <algorithm>
#include <cstring>

#include "device.h"

using namespace hostcuda::driver;

#define HOSTCUDA_CONTROL extern "C" __attribute__((visibility("default")))

HOSTCUDA_CONTROL void hostcuda_set_schedule(uint64_t seed) {
    Device& device = Device::get();
    std::lock_guard<std::mutex> lock(device.mutex);
    device.scheduler.set_seed(seed);
}

HOSTCUDA_CONTROL const char* hostcuda_last_report(void) {
    static thread_local std::string report;
    Device& device = Device::get();
    std::lock_guard<std::mutex> lock(device.mutex);
    report = device.last_report;
    return report.c_str();
}

HOSTCUDA_CONTROL void hostcuda_set_memory(uint64_t free_bytes) {
    Device& device = Device::get();
    std::lock_guard<std::mutex> lock(device.mutex);
    device.memory.leave_free(free_bytes);
}

HOSTCUDA_CONTROL void hostcuda_set_protection(int on) {
    Device& device = Device::get();
    std::lock_guard<std::mutex> lock(device.mutex);
    device.memory.set_protection(on != 0);
}

HOSTCUDA_CONTROL int hostcuda_fail_next(const char* call, int result, uint64_t after) {
    Device& device = Device::get();
    std::lock_guard<std::mutex> lock(device.mutex);
    if (!call) {
        device.faults.clear();
        return 0;
    }
    return device.plan_failure(call, result, after) ? 0 : 1;
}

HOSTCUDA_CONTROL void hostcuda_statistics(hostcuda_counters* counters, uint64_t bytes) {
    Device& device = Device::get();
    std::lock_guard<std::mutex> lock(device.mutex);
    hostcuda_counters now = device.counters;
    now.live_device_allocations = device.memory.count();
    now.live_device_bytes = device.memory.used();
    now.live_host_allocations = device.host_memory.count();
    memcpy(counters, &now, std::min<uint64_t>(bytes, sizeof now));
}
