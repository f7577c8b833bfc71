// From the bytes given to cuModuleLoadData to a mapped library.
#pragma once

#include <string>

#include "driver_api.h"
#include "hostcuda/module.h"

namespace hostcuda::driver {

struct LoadedImage {
    CUresult code = CUDA_SUCCESS;
    const hostcuda::Module* table = nullptr;
    std::string log; // why it was refused
};

// The image is an ELF file of this machine, built from a kernel file for the host device; like the driver's call it comes without a length.
// Each distinct image is mapped once and stays mapped: worker threads may keep fibers that were inside it.
LoadedImage load_image(const void* image);

}
