#include "scheduler.h"

#include <algorithm>

namespace hostcuda::driver {

bool Dependency::met() const { return !stream || stream->completed >= position; }

const Dependency* Stream::Entry::first_unmet() const {
    for (const Dependency& dependency : after) {
        if (!dependency.met()) return &dependency;
    }
    return nullptr;
}

void Scheduler::set_seed(uint64_t seed) {
    _random = Random(seed);
    _shuffled = seed != 0;
}

void Scheduler::add_legacy(std::shared_ptr<Stream> stream) {
    _legacy = stream;
    _streams.insert(_streams.begin(), std::move(stream));
}

Dependency Scheduler::enqueue(const std::shared_ptr<Stream>& stream, std::unique_ptr<Work> work, std::vector<Dependency> after) {
    if (stream == _legacy) {
        for (const auto& other : _streams) {
            if (other != _legacy && other->blocking) after.push_back({other, other->queued});
        }
    } else if (stream->blocking) {
        after.push_back({_legacy, _legacy->queued});
    }
    stream->queue.push_back({std::move(work), std::move(after)});
    stream->ends_with_kernel = false;
    return {stream, ++stream->queued};
}

void Scheduler::close(const std::shared_ptr<Stream>& stream) {
    stream->closed = true;
    forget_if_done(stream);
}

void Scheduler::forget_if_done(const std::shared_ptr<Stream>& stream) {
    if (stream->closed && stream->queue.empty()) _streams.erase(std::find(_streams.begin(), _streams.end(), stream));
}

// An entry depends on entries that were queued before it, so following what is unmet always ends at one that can run.
std::shared_ptr<Stream> Scheduler::choose(const Stream* wanted) {
    if (_shuffled || !wanted) {
        std::vector<std::shared_ptr<Stream>> ready;
        for (const auto& stream : _streams) {
            if (!stream->queue.empty() && !stream->queue.front().first_unmet()) ready.push_back(stream);
        }
        return ready.empty() ? nullptr : ready[_shuffled ? _random.below(ready.size()) : 0];
    }
    if (wanted->queue.empty()) return nullptr;
    std::shared_ptr<Stream> next;
    for (const Dependency* unmet = wanted->queue.front().first_unmet(); unmet; unmet = next->queue.front().first_unmet()) {
        next = unmet->stream;
    }
    if (next) return next;
    return *std::find_if(_streams.begin(), _streams.end(), [wanted](const auto& stream) { return stream.get() == wanted; });
}

Outcome Scheduler::step(const std::shared_ptr<Stream>& stream) {
    Stream::Entry& entry = stream->queue.front();
    Outcome outcome = entry.work->step(_shuffled ? &_random : nullptr);
    if (outcome.code || !entry.work->finished()) return outcome;
    stream->queue.pop_front();
    stream->completed++;
    forget_if_done(stream);
    return outcome;
}

Outcome Scheduler::run_until(const Dependency& point) {
    while (!point.met()) {
        Outcome outcome = step(choose(point.stream.get()));
        if (outcome.code) return outcome;
    }
    return {};
}

Outcome Scheduler::run_all() {
    while (std::shared_ptr<Stream> stream = choose(nullptr)) {
        Outcome outcome = step(stream);
        if (outcome.code) return outcome;
    }
    return {};
}

Outcome Scheduler::run_one_step(const Dependency& wanted) {
    return wanted.met() ? Outcome{} : step(choose(wanted.stream.get()));
}

bool Scheduler::has_graph_beside(const Stream& stream) const {
    return std::any_of(_streams.begin(), _streams.end(), [&stream](const auto& other) {
        return other.get() != &stream &&
               std::any_of(other->queue.begin(), other->queue.end(), [](const Stream::Entry& entry) { return entry.work->is_graph(); });
    });
}

void Scheduler::clear() {
    for (const auto& stream : _streams) stream->queue.clear(); // they hold one another
    _streams.clear();
    _legacy = nullptr;
}

}
