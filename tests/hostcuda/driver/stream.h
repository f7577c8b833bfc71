// Streams as lazy queues. Work is only queued when a caller asks for it; it runs when somebody waits, and no earlier.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "driver_api.h"
#include "random.h"

namespace hostcuda::driver {

struct Stream;
struct Capture;

// How a piece of device work ended; a failure says what happened.
struct Outcome {
    CUresult code = CUDA_SUCCESS;
    std::string report;
};

// One thing for the device to do. Graphs keep them and run them again and again.
struct Operation {
    enum class Kind { kernel, copy, fill };
    Kind kind;
    std::function<Outcome()> run;
};

// An entry of a stream's queue, run in one or more steps.
class Work {
public:
    virtual ~Work() = default;
    virtual Outcome step(Random* random) = 0; // random: null when everything runs in order
    virtual bool finished() const = 0;
    virtual bool is_graph() const { return false; }
};

// Work of one step: an operation, or a host-side mark such as an event's time.
class SingleStep final : public Work {
public:
    explicit SingleStep(std::function<Outcome()> run) : _run(std::move(run)) {}

    Outcome step(Random*) override {
        _finished = true;
        return _run ? _run() : Outcome{};
    }

    bool finished() const override { return _finished; }

private:
    std::function<Outcome()> _run; // empty: only the dependencies matter
    bool _finished = false;
};

// A point in a stream's queue: met when the first `position` entries ever queued there are done. The default is met at once.
struct Dependency {
    std::shared_ptr<Stream> stream;
    uint64_t position = 0;

    bool met() const;
};

struct Stream {
    struct Entry {
        std::unique_ptr<Work> work;
        std::vector<Dependency> after;

        const Dependency* first_unmet() const;
    };

    bool blocking = true; // synchronises with the legacy stream
    bool closed = false;  // destroyed by its owner; what it queued still runs
    std::deque<Entry> queue;
    uint64_t queued = 0, completed = 0; // entries since the stream was made
    bool ends_with_kernel = false;      // the entry that was queued last is a kernel launch

    // While the stream captures: the capture it takes part in, and the graph nodes its next node will come after.
    std::shared_ptr<Capture> capture;
    std::vector<uint32_t> frontier;
};

}
