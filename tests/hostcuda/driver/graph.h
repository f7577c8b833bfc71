// Captured work: operations with the order between them. An executable graph replays them; pointers and arguments stay as captured.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "stream.h"

namespace hostcuda::driver {

struct Graph {
    struct Node {
        Operation operation;
        std::vector<uint32_t> after; // nodes that must be done first; all of them have smaller numbers
        CUgraphNode handle;
    };
    std::vector<Node> nodes;

    uint32_t add(Operation operation, std::vector<uint32_t> after);
};

struct ExecutableGraph {
    std::shared_ptr<const Graph> graph;
    Dependency last_launch; // launches of one executable graph run one behind the other
};

// One launch of a graph. With a random schedule, nodes that do not depend on one another run in any order.
class GraphRun final : public Work {
public:
    explicit GraphRun(std::shared_ptr<const Graph> graph);

    Outcome step(Random* random) override;
    bool finished() const override { return _first == _done.size(); }
    bool is_graph() const override { return true; }

private:
    std::shared_ptr<const Graph> _graph;
    std::vector<bool> _done; // [nodes]
    size_t _first = 0;       // nodes before this one are done
};

// A capture in progress. Streams join it by waiting for an event that was recorded inside it.
struct Capture {
    std::shared_ptr<Graph> graph = std::make_shared<Graph>();
    const Stream* origin; // where it began, and must end
    CUstreamCaptureMode mode;
    std::thread::id thread;
    bool invalidated = false;
};

}
