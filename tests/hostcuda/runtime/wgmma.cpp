#include "wgmma.h"
#include "report.h"
#include "schedule.h"
#include <hostcuda/hopper.h>
#include <hostcuda/math.h>

namespace hostcuda {

enum Stage : u32 { stage_issue, stage_commit, stage_wait };

void Warpgroup::reset() {
    arrived = 0;
    accumulators.clear();
    open.clear();
    groups.clear();
}

static Warpgroup& my_group() { return worker->warpgroups[current->id / warpgroup_size]; }

// True for the last of the 128 threads, which acts for all and then calls leave().
static bool gather(Warpgroup& group, Stage stage, Where where) {
    Worker& w = *worker;
    Lane& me = *current;
    me.operation = Operation::warpgroup;
    me.where = where;
    if (group.arrived && group.stage != stage) fail(where, "wgmma: threads of a warpgroup are at different operations");
    group.stage = stage;
    if (++group.arrived == warpgroup_size) {
        group.arrived = 0;
        return true;
    }
    clear_runnable(w, *me.warp, me.number);
    park(w, me);
    return false;
}

static void leave() {
    Worker& w = *worker;
    note_progress(w);
    u32 first = current->id / warpgroup_size * (warpgroup_size / warp_size);
    for (u32 i = first; i < first + warpgroup_size / warp_size; i++) set_runnable(w, w.warps[i], w.warps[i].alive);
    maybe_yield(w, *current);
}

// The accumulator in flight that is this thread's `d`, or a new one, taking the values and leaving NaN.
static u32 accumulator_of(Warpgroup& group, float* d, u32 count) {
    u32 thread = current->id % warpgroup_size, index = 0, size = (u32)group.accumulators.size();
    while (index < size && group.accumulators[index].registers[thread] != d) index++;
    if (index < size) return index;
    for (index = 0; index < size; index++)
        if (!group.accumulators[index].registers[thread] && group.accumulators[index].count == count) break;
    if (index == size) {
        group.accumulators.emplace_back();
        group.accumulators.back().count = count;
    }
    Accumulator& mine = group.accumulators[index];
    mine.registers[thread] = d;
    memcpy(mine.values[thread], d, count * sizeof(float));
    memset((void*)d, 0xff, count * sizeof(float));
    return index;
}

void issue_wgmma(float* d, u32 count, u64 a, u64 b, bool keep, Where where) {
    Warpgroup& group = my_group();
    u32 index = accumulator_of(group, d, count);
    group.issue_turn[current->id % warpgroup_size] = index;
    if (!gather(group, stage_issue, where)) return;
    for (u32 other : group.issue_turn)
        if (other != index) fail(where, "wgmma: threads of a warpgroup use different accumulators");
    group.open.push_back({index, a, b, keep});
    leave();
}

void commit_wgmma(Where where) {
    Warpgroup& group = my_group();
    if (!gather(group, stage_commit, where)) return;
    group.groups.push_back(std::move(group.open));
    group.open.clear();
    leave();
}

// Element (row, k) of a K-major operand as its descriptor says: start, stride of 8-row groups, 128-byte swizzle.
static float element(const char* arena, u64 descriptor, u32 row, u32 k) {
    u32 start = (u32)(descriptor & 0x3fff) << 4, group_stride = (u32)(descriptor >> 32 & 0x3fff) << 4;
    u32 address = start + row / 8 * group_stride + row % 8 * 128 + k * 2;
    if (descriptor >> 62 == 1) address ^= (address >> 7 & 7) << 4;
    bf16 v;
    memcpy(&v, arena + address, 2);
    return bf16_to_f32(v);
}

static void multiply(const char* arena, Warpgroup& group, const WgmmaOperation& operation) {
    constexpr u32 rows = 64;
    Accumulator& accumulator = group.accumulators[operation.accumulator];
    u32 columns = 2 * accumulator.count;
    auto& b = group.operand;
    for (u32 k = 0; k < wgmma_depth; k++)
        for (u32 n = 0; n < columns; n++) b[k][n] = element(arena, operation.b, n, k);
    for (u32 row = 0; row < rows; row++) {
        // lane that holds (row, n), and its register
        auto held = [&](u32 n) -> float& {
            u32 thread = row / 16 * warp_size + row % 8 * 4 + n % 8 / 2;
            return accumulator.values[thread][n / 8 * 4 + row % 16 / 8 * 2 + n % 2];
        };
        float sum[max_wgmma_columns];
        for (u32 n = 0; n < columns; n++) sum[n] = operation.keep ? held(n) : 0.f;
        for (u32 k = 0; k < wgmma_depth; k++) {
            float a = element(arena, operation.a, row, k);
            for (u32 n = 0; n < columns; n++) sum[n] += a * b[k][n];
        }
        for (u32 n = 0; n < columns; n++) held(n) = sum[n];
    }
}

static bool in_flight(const Warpgroup& group, u32 accumulator) {
    for (auto& operation : group.open)
        if (operation.accumulator == accumulator) return true;
    for (auto& committed : group.groups)
        for (auto& operation : committed)
            if (operation.accumulator == accumulator) return true;
    return false;
}

void wait_wgmma(u32 groups_in_flight, Where where) {
    Warpgroup& group = my_group();
    if (!gather(group, stage_wait, where)) return;
    while (group.groups.size() > groups_in_flight) {
        for (const WgmmaOperation& operation : group.groups.front()) multiply(worker->shared.memory, group, operation);
        group.groups.erase(group.groups.begin());
    }
    for (u32 i = 0; i < group.accumulators.size(); i++) {
        Accumulator& done = group.accumulators[i];
        if (in_flight(group, i)) continue;
        for (u32 thread = 0; thread < warpgroup_size; thread++) {
            if (done.registers[thread]) memcpy(done.registers[thread], done.values[thread], done.count * sizeof(float));
            done.registers[thread] = nullptr;
        }
    }
    leave();
}

} // namespace hostcuda
