// Decides which queued work runs next.
//
// In order (seed 0) it does the least that the wait asks for: the waited-for stream runs, other streams only as far as that stream depends
// on them. A missing event wait is therefore seen at once. With a seed, any stream's next entry may run at any time.
#pragma once

#include <memory>
#include <vector>

#include "stream.h"

namespace hostcuda::driver {

class Scheduler {
public:
    explicit Scheduler(uint64_t seed) : _random(seed), _shuffled(seed != 0) {}

    void set_seed(uint64_t seed);

    // A seed for the threads and blocks of the next kernel: 0 when everything runs in order.
    uint64_t kernel_seed() { return _shuffled ? _random.next() | 1 : 0; }

    // The stream that synchronises with all blocking streams, and any other.
    void add_legacy(std::shared_ptr<Stream> stream);
    void add(std::shared_ptr<Stream> stream) { _streams.push_back(std::move(stream)); }

    // Destroyed by its owner: it is forgotten once its queue is empty.
    void close(const std::shared_ptr<Stream>& stream);

    // Queues work behind everything in its stream and behind `after`; returns the point where it is done.
    Dependency enqueue(const std::shared_ptr<Stream>& stream, std::unique_ptr<Work> work, std::vector<Dependency> after = {});

    Outcome run_until(const Dependency& point);
    Outcome run_all();
    Outcome run_one_step(const Dependency& wanted); // for queries: whoever polls sees progress

    // Whether a graph that was launched on another stream is not done.
    bool has_graph_beside(const Stream& stream) const;

    // Forgets all streams and what they hold.
    void clear();

private:
    std::shared_ptr<Stream> choose(const Stream* wanted);
    void forget_if_done(const std::shared_ptr<Stream>& stream);
    Outcome step(const std::shared_ptr<Stream>& stream);

    Random _random;
    bool _shuffled;
    std::shared_ptr<Stream> _legacy;
    std::vector<std::shared_ptr<Stream>> _streams; // all of them, the legacy stream first
};

}
