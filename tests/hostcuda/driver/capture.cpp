// Stream capture: what is recorded, what is forbidden meanwhile, and what spoils a capture.
#include <algorithm>

#include "device.h"

namespace hostcuda::driver {

// Calls that may synchronise or allocate are forbidden to every thread by a global capture, and by a thread-local one to its own thread.
CUresult Device::check_captures_allow_unsafe_calls() {
    CUresult result = CUDA_SUCCESS;
    for (const auto& capture : captures) {
        bool own = capture->thread == std::this_thread::get_id();
        bool forbids = capture->mode == CU_STREAM_CAPTURE_MODE_GLOBAL || (capture->mode == CU_STREAM_CAPTURE_MODE_THREAD_LOCAL && own);
        if (!forbids) continue;
        capture->invalidated = true;
        result = CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    }
    return result;
}

CUresult Device::check_legacy_use(const std::shared_ptr<Stream>& stream) {
    if (stream != legacy_stream) return CUDA_SUCCESS;
    CUresult result = CUDA_SUCCESS;
    streams.for_each([&result](Stream& other) {
        if (!other.capture || !other.blocking) return;
        other.capture->invalidated = true;
        result = CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
    });
    return result;
}

CUresult Device::submit(const std::shared_ptr<Stream>& stream, Operation operation) {
    if (CUresult refused = check_legacy_use(stream)) return refused;
    if (!stream->capture) {
        scheduler.enqueue(stream, std::make_unique<SingleStep>(std::move(operation.run)));
        stream->ends_with_kernel = operation.kind == Operation::Kind::kernel;
        return CUDA_SUCCESS;
    }
    if (stream->capture->invalidated) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    stream->frontier = {stream->capture->graph->add(std::move(operation), stream->frontier)};
    return CUDA_SUCCESS;
}

bool Device::follows_kernel(const Stream& stream) const {
    if (!stream.capture) return stream.ends_with_kernel;
    return stream.frontier.size() == 1 && stream.capture->graph->nodes[stream.frontier[0]].operation.kind == Operation::Kind::kernel;
}

void Device::end_capture(const std::shared_ptr<Capture>& capture) {
    streams.for_each([&capture](Stream& stream) {
        if (stream.capture != capture) return;
        stream.capture = nullptr;
        stream.frontier.clear();
    });
    captures.erase(std::find(captures.begin(), captures.end(), capture));
}

// Everything captured must lead back to the origin stream: a node that nothing comes after has to be in its frontier.
static bool is_joined(const Graph& graph, const std::vector<uint32_t>& frontier) {
    std::vector<bool> followed(graph.nodes.size());
    for (const Graph::Node& node : graph.nodes) {
        for (uint32_t earlier : node.after) followed[earlier] = true;
    }
    for (uint32_t node : frontier) followed[node] = true;
    return std::find(followed.begin(), followed.end(), false) == followed.end();
}

HOSTCUDA_API CUresult cuStreamBeginCapture_v2(CUstream handle, CUstreamCaptureMode mode) {
    return enter(__func__, Needs::context, [&](Device& device) {
        auto stream = device.find_stream(handle);
        if (!stream) return CUDA_ERROR_INVALID_HANDLE;
        if (mode < CU_STREAM_CAPTURE_MODE_GLOBAL || mode > CU_STREAM_CAPTURE_MODE_RELAXED) return CUDA_ERROR_INVALID_VALUE;
        if (stream == device.legacy_stream) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        if (stream->capture) return CUDA_ERROR_ILLEGAL_STATE;
        auto capture = std::make_shared<Capture>();
        capture->origin = stream.get();
        capture->mode = mode;
        capture->thread = std::this_thread::get_id();
        stream->capture = capture;
        stream->frontier.clear();
        device.captures.push_back(capture);
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuStreamEndCapture(CUstream handle, CUgraph* graph) {
    return enter(__func__, Needs::context, [&](Device& device) {
        auto stream = device.find_stream(handle);
        if (!graph) return CUDA_ERROR_INVALID_VALUE;
        *graph = nullptr;
        if (!stream) return CUDA_ERROR_INVALID_HANDLE;
        auto capture = stream->capture;
        if (!capture) return CUDA_ERROR_ILLEGAL_STATE;
        if (capture->mode != CU_STREAM_CAPTURE_MODE_RELAXED && capture->thread != std::this_thread::get_id()) {
            return CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
        }
        if (capture->origin != stream.get()) {
            capture->invalidated = true;
            return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
        }
        bool joined = is_joined(*capture->graph, stream->frontier);
        device.end_capture(capture);
        if (capture->invalidated) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
        if (!joined) return CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
        *graph = device.graphs.add(capture->graph);
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuStreamIsCapturing(CUstream handle, CUstreamCaptureStatus* status) {
    return enter(__func__, Needs::context, [&](Device& device) {
        auto stream = device.find_stream(handle);
        if (!status) return CUDA_ERROR_INVALID_VALUE;
        if (!stream) return CUDA_ERROR_INVALID_HANDLE;
        if (CUresult refused = device.check_legacy_use(stream)) return refused;
        *status = !stream->capture               ? CU_STREAM_CAPTURE_STATUS_NONE
                  : stream->capture->invalidated ? CU_STREAM_CAPTURE_STATUS_INVALIDATED
                                                 : CU_STREAM_CAPTURE_STATUS_ACTIVE;
        return CUDA_SUCCESS;
    });
}

}
