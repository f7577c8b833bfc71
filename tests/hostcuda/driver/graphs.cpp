// Graphs: from a capture to an executable graph and its launches.
#include <algorithm>

#include "device.h"

namespace hostcuda::driver {

enum CUgraphNodeType : int { CU_GRAPH_NODE_TYPE_KERNEL = 0, CU_GRAPH_NODE_TYPE_MEMCPY = 1, CU_GRAPH_NODE_TYPE_MEMSET = 2 };

static CUgraphNodeType node_type(Operation::Kind kind) {
    switch (kind) {
        case Operation::Kind::copy: return CU_GRAPH_NODE_TYPE_MEMCPY;
        case Operation::Kind::fill: return CU_GRAPH_NODE_TYPE_MEMSET;
        default: return CU_GRAPH_NODE_TYPE_KERNEL;
    }
}

HOSTCUDA_API CUresult cuGraphDestroy(CUgraph handle) {
    return enter(__func__, Needs::context,
                 [&](Device& device) { return device.graphs.remove(handle) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE; });
}

// Fills up to *count node handles, or only says how many there are when `nodes` is null.
HOSTCUDA_API CUresult cuGraphGetNodes(CUgraph handle, CUgraphNode* nodes, size_t* count) {
    return enter(__func__, Needs::context, [&](Device& device) {
        auto graph = device.graphs.find(handle);
        if (!count) return CUDA_ERROR_INVALID_VALUE;
        if (!graph) return CUDA_ERROR_INVALID_HANDLE;
        if (nodes) {
            size_t filled = std::min(*count, graph->nodes.size());
            for (size_t i = 0; i < *count; i++) nodes[i] = i < filled ? graph->nodes[i].handle : nullptr;
            *count = filled;
        } else {
            *count = graph->nodes.size();
        }
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuGraphNodeGetType(CUgraphNode node, CUgraphNodeType* type) {
    return enter(__func__, Needs::context, [&](Device& device) {
        if (!type) return CUDA_ERROR_INVALID_VALUE;
        CUresult result = CUDA_ERROR_INVALID_VALUE;
        device.graphs.for_each([&](const Graph& graph) {
            for (const Graph::Node& candidate : graph.nodes) {
                if (candidate.handle != node) continue;
                *type = node_type(candidate.operation.kind);
                result = CUDA_SUCCESS;
            }
        });
        return result;
    });
}

HOSTCUDA_API CUresult cuGraphInstantiateWithFlags(CUgraphExec* executable, CUgraph handle, unsigned long long) {
    return enter(__func__, Needs::no_capture, [&](Device& device) {
        auto graph = device.graphs.find(handle);
        if (!executable) return CUDA_ERROR_INVALID_VALUE;
        if (!graph) return CUDA_ERROR_INVALID_HANDLE;
        *executable = device.executables.add(std::make_shared<ExecutableGraph>(ExecutableGraph{graph, {}}));
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuGraphExecDestroy(CUgraphExec handle) {
    return enter(__func__, Needs::context,
                 [&](Device& device) { return device.executables.remove(handle) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE; });
}

// Uploading early changes when work is prepared, not what it does.
HOSTCUDA_API CUresult cuGraphUpload(CUgraphExec handle, CUstream stream) {
    return enter(__func__, Needs::context, [&](Device& device) {
        return device.executables.find(handle) && device.find_stream(stream) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
    });
}

HOSTCUDA_API CUresult cuGraphLaunch(CUgraphExec handle, CUstream stream_handle) {
    return enter(__func__, Needs::context, [&](Device& device) {
        auto executable = device.executables.find(handle);
        auto stream = device.find_stream(stream_handle);
        if (!executable || !stream) return CUDA_ERROR_INVALID_HANDLE;
        if (CUresult refused = device.check_legacy_use(stream)) return refused;
        if (stream->capture) return CUDA_ERROR_NOT_SUPPORTED; // a graph inside a graph
        device.counters.graph_launches++;
        device.counters.overlapping_graph_launches += device.scheduler.has_graph_beside(*stream);
        auto run = std::make_unique<GraphRun>(executable->graph);
        executable->last_launch = device.scheduler.enqueue(stream, std::move(run), {executable->last_launch});
        return CUDA_SUCCESS;
    });
}

}
