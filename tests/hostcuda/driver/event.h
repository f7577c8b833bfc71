// Events: a point in a stream, and the time at which the device reached it.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "graph.h"
#include "stream.h"

namespace hostcuda::driver {

struct Event {
    bool timed = true;
    bool recorded = false;
    Dependency point;                             // the latest record, unless it was captured
    std::chrono::steady_clock::time_point reached; // when the device last passed a record

    // The latest record, if it was inside a capture: nodes that a waiting stream's next node comes after.
    std::shared_ptr<Capture> capture;
    std::vector<uint32_t> frontier;
};

}
