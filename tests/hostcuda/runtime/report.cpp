#include "report.h"
#include "../checker/source_line.h"
#include <map>
#include <stdarg.h>
#include <stdio.h>

namespace hostcuda {

// Keeps the first report of a launch and abandons the block: its fibers are never resumed, what they hold is leaked on purpose.
[[noreturn]] static void abandon(Worker& w, Lane& me, const std::string& what, const std::string& place) {
    Grid& grid = *w.grid;
    {
        std::lock_guard<std::mutex> guard(grid.report_lock);
        if (!grid.failed) {
            char who[256];
            const uint3 &b = w.block.index, &t = me.thread_index;
            snprintf(who, sizeof who, "; kernel %s, block (%u,%u,%u), thread (%u,%u,%u)", w.kernel().name, b.x, b.y, b.z, t.x, t.y, t.z);
            grid.report = what + who + (place.empty() ? "" : ", at " + place);
            grid.failed = true;
        }
    }
    switch_fiber(me, w.host, true);
    __builtin_unreachable();
}

std::string place_of(Where where) { return where.file ? without_way_up(where.file) + ":" + std::to_string(where.line) : ""; }

static std::string formatted(const char* format, va_list arguments) {
    char text[1024];
    vsnprintf(text, sizeof text, format, arguments);
    return text;
}

void fail(Where where, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    std::string what = formatted(format, arguments);
    va_end(arguments);
    abandon(*worker, *current, what, place_of(where));
}

void fail_at(const void* pc, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    std::string what = formatted(format, arguments);
    va_end(arguments);
    abandon(*worker, *current, what, source_line(pc));
}

static std::string waiting(const Lane& lane) {
    static const char* const names[] = {"nothing",     "a shuffle",        "a vote",          "__syncwarp",            "a warp reduction",
                                        "ldmatrix",    "a matrix product", "__syncthreads",   "a warpgroup operation", "exited"};
    if (lane.operation == Operation::exited) return "exited";
    std::string text = std::string("wait for ") + names[(u32)lane.operation];
    if (lane.operation < Operation::block_barrier) {
        char mask[32];
        snprintf(mask, sizeof mask, " (mask %08x)", lane.mask);
        text += mask;
    }
    return text + " at " + place_of(lane.where);
}

void fail_deadlock(Worker& w) {
    std::map<std::string, u32> counts;
    const Lane* first = nullptr; // that waits
    for (u32 i = 0; i < w.thread_count; i++) {
        const Lane& lane = w.lanes[i];
        counts[waiting(lane)]++;
        if (!first && lane.operation != Operation::exited) first = &lane;
    }
    std::string what = "deadlock: no thread of the block can go on";
    for (auto& [state, count] : counts) what += "; " + std::to_string(count) + " threads " + state;
    Lane& me = *current;
    me.thread_index = first->thread_index;
    abandon(w, me, what, place_of(first->where));
}

} // namespace hostcuda
