// The one device and its primary context: everything the entry points share. All of it is guarded by one lock, held for the whole of an
// entry point, kernels included: the driver API may be called from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "../checker/written_memory.h"
#include "control.h"
#include "device_memory.h"
#include "driver_api.h"
#include "event.h"
#include "fault_plan.h"
#include "graph.h"
#include "handles.h"
#include "host_memory.h"
#include "module.h"
#include "options.h"
#include "scheduler.h"

namespace hostcuda::driver {

// What must be true before an entry point does anything; each includes the ones before it.
enum class Needs {
    nothing,
    driver,     // cuInit was called
    context,    // the primary context is current, and has not failed
    no_capture, // and no capture forbids calls that may synchronise or allocate
};

class Device {
public:
    // Made on first use and never destroyed: worker threads may outlive main.
    static Device& get();

    std::mutex mutex;
    Options options = Options::from_environment();
    bool initialized = false;
    std::string last_report;
    hostcuda_counters counters{};
    FaultPlan faults;

    DeviceMemory memory{options.memory, options.protect};
    WrittenMemory written{memory.base(), DeviceMemory::address_range}; // by kernels since the last operation that nothing may run beside
    HostMemory host_memory;
    Scheduler scheduler{options.seed};

    HandleTable<CUstream, Stream> streams;
    HandleTable<CUevent, Event> events;
    HandleTable<CUmodule, LoadedModule> modules;
    HandleTable<CUfunction, Function> functions;
    HandleTable<CUgraph, Graph> graphs;
    HandleTable<CUgraphExec, ExecutableGraph> executables;
    std::vector<std::shared_ptr<Capture>> captures; // in progress
    std::shared_ptr<Stream> legacy_stream;

    // The refusal of a call that may not go ahead, or success.
    CUresult admit(const char* call, Needs needs);

    // Makes a later call of an entry point fail; false where there is none of that name.
    bool plan_failure(const char* call, int result, uint64_t after);

    // Context.
    CUcontext retain_context();
    CUresult release_context();
    void reset_context(); // frees everything and forgets a fault; the context stays retained
    CUcontext context() const { return _context; }
    unsigned context_users() const { return _context_users; }

    // The stream behind a handle (null and CU_STREAM_LEGACY: the legacy stream), or null.
    std::shared_ptr<Stream> find_stream(CUstream handle) const;

    // Queues an operation, or adds it to the graph that its stream captures.
    CUresult submit(const std::shared_ptr<Stream>& stream, Operation operation);

    // Whether what is queued or captured next comes right after a kernel, and after nothing else.
    bool follows_kernel(const Stream& stream) const;

    // Refuses to involve the legacy stream while a blocking stream captures: the capture would depend on it.
    CUresult check_legacy_use(const std::shared_ptr<Stream>& stream);

    void end_capture(const std::shared_ptr<Capture>& capture);

    // Waits. A failure of the work they run, or an overrun that they find, makes the context fail.
    CUresult wait_for(const Dependency& point);
    CUresult wait_for_all();
    CUresult poll(const Dependency& point); // one step; CUDA_ERROR_NOT_READY until the point is met

    // Puts the context into its failed state: every later call returns `result` until the context is reset.
    CUresult fail(CUresult result, std::string report);

private:
    Device();

    CUresult check_captures_allow_unsafe_calls();
    CUresult conclude(const Outcome& outcome);
    std::string describe_leaks() const; // empty when there are none

    CUcontext _context = nullptr; // a new handle each time it is made
    unsigned _context_users = 0;
    CUresult _failure = CUDA_SUCCESS;
};

// The context that is current to the calling thread.
CUcontext& current_context();

// An entry point: takes the lock, refuses what may not go ahead, then runs `body(device)`.
template <class Body>
CUresult enter(const char* call, Needs needs, Body body) {
    Device& device = Device::get();
    std::lock_guard<std::mutex> lock(device.mutex);
    if (CUresult refused = device.admit(call, needs)) return refused;
    try {
        return body(device);
    } catch (const std::bad_alloc&) {
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
}

}
