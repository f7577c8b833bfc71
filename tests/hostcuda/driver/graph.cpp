#include "graph.h"

#include <algorithm>

#include "handles.h"

namespace hostcuda::driver {

uint32_t Graph::add(Operation operation, std::vector<uint32_t> after) {
    nodes.push_back({std::move(operation), std::move(after), reinterpret_cast<CUgraphNode>(next_handle_value())});
    return static_cast<uint32_t>(nodes.size() - 1);
}

GraphRun::GraphRun(std::shared_ptr<const Graph> graph) : _graph(std::move(graph)), _done(_graph->nodes.size()) {}

Outcome GraphRun::step(Random* random) {
    if (finished()) return {}; // a graph without nodes
    size_t node = _first;      // in order of capture, which is an order that all dependencies allow
    if (random) {
        std::vector<size_t> ready;
        for (size_t candidate = _first; candidate < _done.size(); candidate++) {
            const auto& after = _graph->nodes[candidate].after;
            bool waits = std::any_of(after.begin(), after.end(), [this](uint32_t earlier) { return !_done[earlier]; });
            if (!_done[candidate] && !waits) ready.push_back(candidate);
        }
        node = ready[random->below(ready.size())];
    }
    _done[node] = true;
    while (_first < _done.size() && _done[_first]) _first++;
    return _graph->nodes[node].operation.run();
}

}
