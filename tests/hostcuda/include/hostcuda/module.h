// The binary contract between a host-compiled kernel module (one .so a kernel file and flavour) and the host device.
//
// A module exports one table, `hostcuda_module`, and IMPORTS the runtime (fibers, collectives, the current lane) from the stand-in driver
// library: however many modules are loaded there is one runtime, one worker pool and one piece of thread-local storage.
// Nothing here may include a device header: the driver half reads this file too.
#pragma once
#include <stdint.h>

namespace hostcuda {

// A kernel as the driver sees it. `run` executes the kernel body for the current lane; arguments[i] points at the value of parameter i.
struct Kernel {
    const char* name;
    void (*run)(void* const* arguments);
    uint32_t parameter_count;
    const uint32_t* sizes;      // [parameter_count] bytes
    const uint32_t* alignments; // [parameter_count] bytes
    uint32_t max_threads;       // of a block: the launch bound, or 1024 where the kernel gives none
    uint32_t min_blocks;        // per multiprocessor; 0 where the kernel gives none
    const char* file;           // where it is exported
    int line;
};

enum class Flavour : uint32_t {
    plain,   // fast; finds wrong results, deadlocks, faults
    checker, // every load and store of the kernel goes through checker/: bounds, validity, races
    asan     // AddressSanitizer and UBSan; only in a process that was started with them
};

struct Module {
    uint32_t abi; // module_abi of the headers it was compiled with
    Flavour flavour;
    uint32_t kernel_count;
    const Kernel* const* kernels; // [kernel_count]
};

constexpr uint32_t module_abi = 2;

} // namespace hostcuda

// The one symbol a module exports: `const hostcuda::Module* hostcuda_module()`.
using hostcuda_module_function = const hostcuda::Module*();
constexpr char hostcuda_module_symbol[] = "hostcuda_module";
