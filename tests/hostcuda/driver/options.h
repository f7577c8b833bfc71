// Settings from the environment, read once when the library is first used. control.h changes the schedule and the memory at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace hostcuda::driver {

struct Options {
    struct Failure {
        std::string call;
        int result;
        uint64_t after;
    };

    uint64_t seed = 0;             // HOSTCUDA_SEED: 0 = everything in order, anything else shuffles streams, blocks and threads
    uint32_t workers = 2;          // HOSTCUDA_WORKERS: OS threads that execute blocks
    size_t memory = 8ull << 30;    // HOSTCUDA_MEMORY: bytes of device memory
    bool log = false;              // HOSTCUDA_LOG: launches, failures and leaks on standard error
    bool protect = false;          // HOSTCUDA_PROTECT: device memory is out of bounds except while the device works
    int devices = 1;               // HOSTCUDA_DEVICES: 0 = a driver that sees no device
    int driver_version = 13000;    // HOSTCUDA_DRIVER_VERSION: 1000 * major + 10 * minor
    std::vector<Failure> failures; // HOSTCUDA_FAIL: "call:result:after", separated by commas; as hostcuda_fail_next

    static Options from_environment();
};

}
