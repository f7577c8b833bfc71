#include "device.h"

#include <cstdio>

#include "entry_points.h"

namespace hostcuda::driver {

Device& Device::get() {
    static Device* device = new Device;
    return *device;
}

Device::Device() {
    for (const Options::Failure& failure : options.failures) plan_failure(failure.call.c_str(), failure.result, failure.after);
}

bool Device::plan_failure(const char* call, int result, uint64_t after) {
    EntryPoint entry = find_entry_point(call);
    if (entry.address) faults.add(entry.name, static_cast<CUresult>(result), after);
    return entry.address;
}

CUcontext& current_context() {
    static thread_local CUcontext current = nullptr;
    return current;
}

CUresult Device::admit(const char* call, Needs needs) {
    if (CUresult planned = faults.take(call)) {
        if (is_sticky(planned) && _context) fail(planned, std::string("planned failure of ") + call);
        return planned;
    }
    if (needs == Needs::nothing) return CUDA_SUCCESS;
    if (!initialized) return CUDA_ERROR_NOT_INITIALIZED;
    if (needs == Needs::driver) return CUDA_SUCCESS;
    if (!current_context()) return CUDA_ERROR_INVALID_CONTEXT;
    if (current_context() != _context) return CUDA_ERROR_CONTEXT_IS_DESTROYED;
    if (_failure) return _failure;
    return needs == Needs::no_capture ? check_captures_allow_unsafe_calls() : CUDA_SUCCESS;
}

CUcontext Device::retain_context() {
    if (_context_users++ == 0) {
        _context = reinterpret_cast<CUcontext>(next_handle_value());
        reset_context();
    }
    return _context;
}

CUresult Device::release_context() {
    if (_context_users == 0) return CUDA_ERROR_INVALID_CONTEXT;
    if (--_context_users > 0) return CUDA_SUCCESS;
    if (!_failure) wait_for_all();
    std::string report = _failure ? last_report : describe_leaks();
    if (options.log && !report.empty()) fprintf(stderr, "[hostcuda] %s\n", report.c_str());
    reset_context();
    last_report = std::move(report);
    _context = nullptr;
    return CUDA_SUCCESS;
}

void Device::reset_context() {
    scheduler.clear();
    captures.clear();
    executables = {};
    graphs = {};
    functions = {};
    modules = {};
    events = {};
    streams = {};
    memory.release_all();
    host_memory.release_all();
    legacy_stream = std::make_shared<Stream>();
    scheduler.add_legacy(legacy_stream);
    _failure = CUDA_SUCCESS;
    last_report.clear();
}

std::string Device::describe_leaks() const {
    std::string leaks;
    auto tell = [&leaks](size_t count, const std::string& what) {
        if (count) leaks += (leaks.empty() ? "leaked: " : ", ") + std::to_string(count) + " " + what;
    };
    tell(memory.count(), "device buffer(s) of " + std::to_string(memory.used()) + " bytes in all");
    tell(host_memory.count(), "page-locked buffer(s)");
    tell(streams.size(), "stream(s)");
    tell(events.size(), "event(s)");
    tell(modules.size(), "module(s)");
    tell(graphs.size() + executables.size(), "graph(s)");
    return leaks;
}

std::shared_ptr<Stream> Device::find_stream(CUstream handle) const {
    if (!handle || handle == reinterpret_cast<CUstream>(CU_STREAM_LEGACY)) return legacy_stream;
    return streams.find(handle);
}

CUresult Device::fail(CUresult result, std::string report) {
    if (options.log) fprintf(stderr, "[hostcuda] %s\n", report.c_str());
    _failure = result;
    last_report = std::move(report);
    return result;
}

CUresult Device::conclude(const Outcome& outcome) {
    if (outcome.code) return fail(outcome.code, outcome.report);
    std::string overrun = memory.find_overrun();
    return overrun.empty() ? CUDA_SUCCESS : fail(CUDA_ERROR_ILLEGAL_ADDRESS, overrun);
}

CUresult Device::wait_for(const Dependency& point) {
    counters.synchronizations++;
    DeviceAccess access(memory);
    return conclude(scheduler.run_until(point));
}

CUresult Device::wait_for_all() {
    counters.synchronizations++;
    DeviceAccess access(memory);
    return conclude(scheduler.run_all());
}

CUresult Device::poll(const Dependency& point) {
    DeviceAccess access(memory);
    Outcome outcome = scheduler.run_one_step(point);
    if (outcome.code) return fail(outcome.code, outcome.report);
    return point.met() ? conclude({}) : CUDA_ERROR_NOT_READY;
}

}
