// Kernel launches: checking the geometry, taking a copy of the arguments, and running the kernel when its turn comes.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "device.h"

namespace hostcuda::driver {

namespace {

// The arguments of a launch: the parameter block as the kernel's constant bank would hold it, and where each value lies in it.
// They are copied when the launch is asked for; the caller may reuse its memory at once.
class Arguments {
public:
    explicit Arguments(const Function& function) : _pointers(function.kernel->parameter_count) {
        constexpr size_t alignment = 128; // more than any parameter asks for; a tensor map asks for 64
        size_t bytes = (function.parameter_struct_bytes() / alignment + 1) * alignment;
        _block.reset(static_cast<char*>(aligned_alloc(alignment, bytes)));
        for (uint32_t i = 0; i < _pointers.size(); i++) _pointers[i] = _block.get() + function.parameter_offset(i);
    }

    // From one pointer a parameter.
    void copy_values(const Function& function, void* const* values) {
        for (uint32_t i = 0; i < _pointers.size(); i++) memcpy(_pointers[i], values[i], function.kernel->sizes[i]);
    }

    void copy_block(const void* block, size_t bytes) { memcpy(_block.get(), block, bytes); }

    void* const* pointers() const { return _pointers.data(); }

private:
    struct Free {
        void operator()(char* block) const { free(block); }
    };
    std::unique_ptr<char, Free> _block;
    std::vector<void*> _pointers;
};

struct Geometry {
    hostcuda::Extent grid, block;
    uint32_t dynamic_shared;
};

// How a launch is ordered with what comes before it in its stream.
struct Order {
    bool early = false;   // it was asked for with programmatic stream serialization
    bool beside = false;  // and what comes before it is a kernel, which may then still be at work
};

}

// The `extra` form of the arguments: one block with its size. Null when the list or the size is wrong.
static std::shared_ptr<Arguments> take_block(const Function& function, void* const* extra) {
    const void* block = nullptr;
    const size_t* size = nullptr;
    for (; reinterpret_cast<uintptr_t>(*extra) != CU_LAUNCH_PARAM_END; extra += 2) {
        switch (reinterpret_cast<uintptr_t>(extra[0])) {
            case CU_LAUNCH_PARAM_BUFFER_POINTER: block = extra[1]; break;
            case CU_LAUNCH_PARAM_BUFFER_SIZE: size = static_cast<const size_t*>(extra[1]); break;
            default: return nullptr;
        }
    }
    size_t exact = function.parameter_offset(function.kernel->parameter_count);
    if (!size || *size < exact || *size > function.parameter_struct_bytes() || (!block && exact)) return nullptr;
    auto arguments = std::make_shared<Arguments>(function);
    arguments->copy_block(block, *size);
    return arguments;
}

static std::shared_ptr<Arguments> take_arguments(const Function& function, void* const* values, void* const* extra) {
    if (values && extra) return nullptr;
    if (extra) return take_block(function, extra);
    if (!values && function.kernel->parameter_count) return nullptr;
    auto arguments = std::make_shared<Arguments>(function);
    arguments->copy_values(function, values);
    return arguments;
}

// For the checker: device memory, and page-locked host memory, which a GPU reaches at the same address.
static bool find_allocation(uintptr_t address, hostcuda::MemoryRange* range) {
    const Device& device = Device::get();
    return device.memory.find(address, range->begin, range->end) || device.host_memory.find(address, range->begin, range->end);
}

static Outcome run_kernel(
    Device& device, const Function& function, const Geometry& geometry, const Arguments& arguments, const Order& order) {
    const hostcuda::Kernel* kernel = function.kernel;
    if (function.module->unloaded) {
        return {CUDA_ERROR_LAUNCH_FAILED, std::string("captured kernel ") + kernel->name + ": its module was unloaded since"};
    }
    if (device.options.log) {
        fprintf(stderr, "[hostcuda] %s grid %u,%u,%u block %u,%u,%u dynamic shared %u\n", kernel->name, geometry.grid.x, geometry.grid.y,
                geometry.grid.z, geometry.block.x, geometry.block.y, geometry.block.z, geometry.dynamic_shared);
    }
    device.counters.kernels_run++;
    if (order.beside) device.counters.dependent_kernels_run++;
    else device.written.clear();
    hostcuda::Launch launch{function.module->table,  kernel,   geometry.grid, geometry.block, geometry.dynamic_shared,
                            arguments.pointers(), order.early};
    hostcuda::LaunchOptions options{device.options.workers, device.scheduler.kernel_seed(), find_allocation, &device.written};
    std::string report = hostcuda::run_launch(launch, options);
    if (report.empty()) return {};
    return {CUDA_ERROR_LAUNCH_FAILED, report};
}

static CUresult launch(
    Device& device, CUfunction handle, Geometry geometry, CUstream stream_handle, void** values, void** extra, bool early = false) {
    auto function = device.functions.find(handle);
    auto stream = device.find_stream(stream_handle);
    if (!function || !stream) return CUDA_ERROR_INVALID_HANDLE;
    if (geometry.dynamic_shared > function->dynamic_shared_limit) return CUDA_ERROR_INVALID_VALUE;
    auto arguments = take_arguments(*function, values, extra);
    if (!arguments) return CUDA_ERROR_INVALID_VALUE;
    hostcuda::Launch request{function->module->table, function->kernel,        geometry.grid,
                             geometry.block,          geometry.dynamic_shared, arguments->pointers()};
    std::string wrong = hostcuda::launch_error(request);
    if (!wrong.empty()) {
        if (device.options.log) fprintf(stderr, "[hostcuda] launch refused: %s\n", wrong.c_str());
        return CUDA_ERROR_INVALID_VALUE;
    }
    if (!stream->capture) device.counters.launches++;
    Order order{early, early && device.follows_kernel(*stream)};
    auto run = [&device, function, geometry, arguments, order] { return run_kernel(device, *function, geometry, *arguments, order); };
    return device.submit(stream, {Operation::Kind::kernel, run});
}

HOSTCUDA_API CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                                     unsigned block_y, unsigned block_z, unsigned dynamic_shared, CUstream stream, void** values,
                                     void** extra) {
    Geometry geometry{{grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, dynamic_shared};
    return enter(__func__, Needs::context, [&](Device& device) { return launch(device, function, geometry, stream, values, extra); });
}

// Launch attributes that change nothing here are taken; what the host device cannot do is refused.
static CUresult check_attributes(const CUlaunchConfig& config) {
    if (config.numAttrs && !config.attrs) return CUDA_ERROR_INVALID_VALUE;
    for (unsigned i = 0; i < config.numAttrs; i++) {
        const CUlaunchAttribute& attribute = config.attrs[i];
        const auto& cluster = attribute.value.clusterDim;
        switch (attribute.id) {
            case CU_LAUNCH_ATTRIBUTE_IGNORE:
            case CU_LAUNCH_ATTRIBUTE_PRIORITY:
            case CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION: break;
            case CU_LAUNCH_ATTRIBUTE_COOPERATIVE:
                if (attribute.value.cooperative) return CUDA_ERROR_NOT_SUPPORTED;
                break;
            case CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION:
                if (cluster.x != 1 || cluster.y != 1 || cluster.z != 1) return CUDA_ERROR_NOT_SUPPORTED;
                break;
            default: return CUDA_ERROR_NOT_SUPPORTED;
        }
    }
    return CUDA_SUCCESS;
}

static bool may_start_early(const CUlaunchConfig& config) {
    bool early = false;
    for (unsigned i = 0; i < config.numAttrs; i++) {
        const CUlaunchAttribute& attribute = config.attrs[i];
        if (attribute.id != CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION) continue;
        early = attribute.value.programmaticStreamSerializationAllowed;
    }
    return early;
}

HOSTCUDA_API CUresult cuLaunchKernelEx(const CUlaunchConfig* config, CUfunction function, void** values, void** extra) {
    return enter(__func__, Needs::context, [&](Device& device) {
        if (!config) return CUDA_ERROR_INVALID_VALUE;
        if (CUresult refused = check_attributes(*config)) return refused;
        Geometry geometry{{config->gridDimX, config->gridDimY, config->gridDimZ},
                          {config->blockDimX, config->blockDimY, config->blockDimZ},
                          config->sharedMemBytes};
        return launch(device, function, geometry, config->hStream, values, extra, may_start_early(*config));
    });
}

}
