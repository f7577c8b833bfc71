// Streams: creation, waiting, and order between them.
#include "device.h"

namespace hostcuda::driver {

// A capturing stream has nothing to wait for: asking is an error that spoils the capture.
static CUresult refuse_while_capturing(Device& device, const std::shared_ptr<Stream>& stream) {
    if (CUresult refused = device.check_legacy_use(stream)) return refused;
    if (!stream->capture) return CUDA_SUCCESS;
    stream->capture->invalidated = true;
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
}

static CUresult create_stream(const char* call, CUstream* handle, unsigned flags) {
    return enter(call, Needs::context, [&](Device& device) {
        if (!handle || (flags & ~CU_STREAM_NON_BLOCKING)) return CUDA_ERROR_INVALID_VALUE;
        auto stream = std::make_shared<Stream>();
        stream->blocking = !(flags & CU_STREAM_NON_BLOCKING);
        device.scheduler.add(stream);
        *handle = device.streams.add(stream);
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuStreamCreate(CUstream* handle, unsigned flags) { return create_stream(__func__, handle, flags); }

// Priorities order nothing that a correct program may rely on.
HOSTCUDA_API CUresult cuStreamCreateWithPriority(CUstream* handle, unsigned flags, int) { return create_stream(__func__, handle, flags); }

// Returns at once; what the stream still holds runs when somebody waits for the device.
HOSTCUDA_API CUresult cuStreamDestroy_v2(CUstream handle) {
    return enter(__func__, Needs::context, [&](Device& device) {
        auto stream = device.streams.find(handle);
        if (!stream) return CUDA_ERROR_INVALID_HANDLE;
        if (auto capture = stream->capture) {
            capture->invalidated = true;
            if (capture->origin == stream.get()) device.end_capture(capture);
        }
        device.streams.remove(handle);
        device.scheduler.close(stream);
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuStreamSynchronize(CUstream handle) {
    return enter(__func__, Needs::context, [&](Device& device) {
        auto stream = device.find_stream(handle);
        if (!stream) return CUDA_ERROR_INVALID_HANDLE;
        if (CUresult refused = refuse_while_capturing(device, stream)) return refused;
        return device.wait_for({stream, stream->queued});
    });
}

HOSTCUDA_API CUresult cuStreamQuery(CUstream handle) {
    return enter(__func__, Needs::context, [&](Device& device) {
        auto stream = device.find_stream(handle);
        if (!stream) return CUDA_ERROR_INVALID_HANDLE;
        if (CUresult refused = refuse_while_capturing(device, stream)) return refused;
        return device.poll({stream, stream->queued});
    });
}

// The stream's next node comes after the event's nodes as well; a stream outside of the capture joins it.
static CUresult wait_for_captured(Stream& stream, const Event& event) {
    if (event.capture->invalidated) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    if (stream.capture && stream.capture != event.capture) {
        stream.capture->invalidated = event.capture->invalidated = true;
        return CUDA_ERROR_STREAM_CAPTURE_MERGE;
    }
    stream.capture = event.capture;
    stream.frontier.insert(stream.frontier.end(), event.frontier.begin(), event.frontier.end());
    return CUDA_SUCCESS;
}

HOSTCUDA_API CUresult cuStreamWaitEvent(CUstream stream_handle, CUevent event_handle, unsigned flags) {
    return enter(__func__, Needs::context, [&](Device& device) {
        auto stream = device.find_stream(stream_handle);
        auto event = device.events.find(event_handle);
        if (!stream || !event) return CUDA_ERROR_INVALID_HANDLE;
        if (flags) return CUDA_ERROR_INVALID_VALUE;
        if (CUresult refused = device.check_legacy_use(stream)) return refused;
        if (event->capture) {
            if (stream == device.legacy_stream) return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
            return wait_for_captured(*stream, *event);
        }
        if (!event->recorded) return CUDA_SUCCESS;
        if (stream->capture) { // the graph would depend on work that is not part of it
            stream->capture->invalidated = true;
            return CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
        }
        device.scheduler.enqueue(stream, std::make_unique<SingleStep>(nullptr), {event->point});
        return CUDA_SUCCESS;
    });
}

}
