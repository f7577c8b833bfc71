// Events: creation, recording, waiting, timing.
#include "device.h"

namespace hostcuda::driver {

HOSTCUDA_API CUresult cuEventCreate(CUevent* handle, unsigned flags) {
    return enter(__func__, Needs::context, [&](Device& device) {
        if (!handle) return CUDA_ERROR_INVALID_VALUE;
        auto event = std::make_shared<Event>();
        event->timed = !(flags & CU_EVENT_DISABLE_TIMING);
        *handle = device.events.add(event);
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuEventDestroy_v2(CUevent handle) {
    return enter(__func__, Needs::context,
                 [&](Device& device) { return device.events.remove(handle) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE; });
}

HOSTCUDA_API CUresult cuEventRecord(CUevent event_handle, CUstream stream_handle) {
    return enter(__func__, Needs::context, [&](Device& device) {
        auto event = device.events.find(event_handle);
        auto stream = device.find_stream(stream_handle);
        if (!event || !stream) return CUDA_ERROR_INVALID_HANDLE;
        if (CUresult refused = device.check_legacy_use(stream)) return refused;
        if (stream->capture) {
            if (stream->capture->invalidated) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
            event->capture = stream->capture;
            event->frontier = stream->frontier;
            return CUDA_SUCCESS;
        }
        auto pass = [event] {
            event->reached = std::chrono::steady_clock::now();
            return Outcome{};
        };
        event->point = device.scheduler.enqueue(stream, std::make_unique<SingleStep>(pass));
        event->recorded = true;
        event->capture = nullptr;
        return CUDA_SUCCESS;
    });
}

// An event recorded inside a capture is a place in a graph, not a moment: it cannot be waited for.
static CUresult refuse_captured(Event& event) {
    if (!event.capture) return CUDA_SUCCESS;
    event.capture->invalidated = true;
    return CUDA_ERROR_CAPTURED_EVENT;
}

HOSTCUDA_API CUresult cuEventSynchronize(CUevent handle) {
    return enter(__func__, Needs::context, [&](Device& device) {
        auto event = device.events.find(handle);
        if (!event) return CUDA_ERROR_INVALID_HANDLE;
        if (CUresult refused = refuse_captured(*event)) return refused;
        return device.wait_for(event->point);
    });
}

HOSTCUDA_API CUresult cuEventQuery(CUevent handle) {
    return enter(__func__, Needs::context, [&](Device& device) {
        auto event = device.events.find(handle);
        if (!event) return CUDA_ERROR_INVALID_HANDLE;
        if (CUresult refused = refuse_captured(*event)) return refused;
        return device.poll(event->point);
    });
}

static CUresult elapsed_time(const char* call, float* milliseconds, CUevent start_handle, CUevent end_handle) {
    return enter(call, Needs::context, [&](Device& device) {
        auto start = device.events.find(start_handle), end = device.events.find(end_handle);
        if (!milliseconds) return CUDA_ERROR_INVALID_VALUE;
        if (!start || !end || !start->timed || !end->timed || !start->recorded || !end->recorded) return CUDA_ERROR_INVALID_HANDLE;
        if (start->capture || end->capture) return CUDA_ERROR_CAPTURED_EVENT;
        if (!start->point.met() || !end->point.met()) return CUDA_ERROR_NOT_READY;
        *milliseconds = std::chrono::duration<float, std::milli>(end->reached - start->reached).count();
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end) {
    return elapsed_time(__func__, milliseconds, start, end);
}

HOSTCUDA_API CUresult cuEventElapsedTime_v2(float* milliseconds, CUevent start, CUevent end) {
    return elapsed_time(__func__, milliseconds, start, end);
}

}
