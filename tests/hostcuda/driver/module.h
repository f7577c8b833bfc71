// Loaded modules and their functions.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "driver_api.h"
#include "hostcuda/launch.h"
#include "hostcuda/module.h"

namespace hostcuda::driver {

// A module as one cuModuleLoad made it. The library behind it stays mapped for the rest of the process (see module_image.h).
struct LoadedModule {
    explicit LoadedModule(const hostcuda::Module* module_table) : table(module_table) {}

    const hostcuda::Module* table;
    bool unloaded = false;                                 // captured launches may still name it
    std::unordered_map<std::string, CUfunction> functions; // handles given out
};

struct Function {
    std::shared_ptr<LoadedModule> module;
    const hostcuda::Kernel* kernel;
    uint32_t dynamic_shared_limit = hostcuda::default_dynamic_shared;

    // The parameter block as the driver lays it out: offset of parameter `index`; for index = parameter_count, the end of the last one.
    size_t parameter_offset(uint32_t index) const;

    // The block's size as C rounds up a struct of the same fields.
    size_t parameter_struct_bytes() const;
};

}
