// Settings from the environment, read once when the library is first used. control.h changes the schedule and the memory at run time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hostcuda::driver {

struct Options {
    uint64_t seed = 0;           // HOSTCUDA_SEED: 0 = everything in order, anything else shuffles streams, blocks and threads
    uint32_t workers = 2;        // HOSTCUDA_WORKERS: OS threads that execute blocks
    size_t memory = 8ull << 30;  // HOSTCUDA_MEMORY: bytes of device memory
    bool log = false;            // HOSTCUDA_LOG: launches, failures and leaks on standard error
    bool protect = false;        // HOSTCUDA_PROTECT: device memory is out of bounds except while the device works

    static Options from_environment();
};

}
