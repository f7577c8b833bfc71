// Failures that a test has planned: which call, which result, after how many calls.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "driver_api.h"

namespace hostcuda::driver {

class FaultPlan {
public:
    void add(std::string call, CUresult result, uint64_t after) { _faults.push_back({std::move(call), result, after}); }
    void clear() { _faults.clear(); }

    // The planned result of this call, or success.
    CUresult take(const char* call);

private:
    struct Fault {
        std::string call;
        CUresult result;
        uint64_t after;
    };
    std::vector<Fault> _faults;
};

// Results after which the context is lost until it is reset.
bool is_sticky(CUresult result);

}
