#include "wgmma.h"
#include "../checker/checker.h"
#include "report.h"
#include "schedule.h"
#include <hostcuda/hopper.h>
#include <hostcuda/math.h>

namespace hostcuda {

enum Stage : u32 { stage_issue, stage_commit, stage_wait };

void Warpgroup::reset() {
    arrived = 0;
    for (bool& thread : fenced) thread = false;
    accumulators.clear();
    open.clear();
    groups.clear();
}

static Warpgroup& my_group() { return worker->warpgroups[current->id / warpgroup_size]; }
static u32 my_thread() { return current->id % warpgroup_size; }

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

// The accumulator in flight that is this thread's `d`, or a new one, taking the values and leaving NaN. Only in a chain of products does
// one follow another without a fence.
static u32 accumulator_of(Warpgroup& group, float* d, u32 count, Where where) {
    u32 thread = my_thread(), index = 0, size = (u32)group.accumulators.size();
    while (index < size && group.accumulators[index].registers[thread] != d) index++;
    if (index < size) return index;
    if (!group.fenced[thread]) fail(where, "wgmma without wgmma.fence since its accumulators could last be touched");
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

// A K-major operand with 128-byte swizzle, the one kind that kernels use.
static void require_descriptor(u64 descriptor, u32 rows, Where where) {
    u32 start = (u32)(descriptor & 0x3fff) << 4, group_stride = (u32)(descriptor >> 32 & 0x3fff) << 4;
    if (descriptor >> 62 != 1) fail(where, "wgmma: a descriptor %016llx without 128-byte swizzle is not modelled", descriptor);
    if (descriptor >> 49 & 7 || start >> 7 & 7)
        fail(where, "wgmma: a tile at %u, where the swizzle does not begin anew, is not modelled: align it to 1024 bytes", start & ~127u);
    u32 last = (rows / 8 - 1) * group_stride + 1024;
    if (!worker->shared.holds(start & ~127u, last)) fail(where, "wgmma: %u rows at %u lie outside every shared array", rows, start & ~127u);
}

// Shared address of 16 bytes (half of 0 or 1) of a row of an operand.
static u32 chunk_address(u64 descriptor, u32 row, u32 half) {
    u32 start = (u32)(descriptor & 0x3fff) << 4, group_stride = (u32)(descriptor >> 32 & 0x3fff) << 4;
    u32 address = start + row / 8 * group_stride + row % 8 * 128 + half * 16;
    return address ^ (address >> 7 & 7) << 4;
}

static std::vector<bf16> read_operand(u64 descriptor, u32 rows) {
    std::vector<bf16> elements(rows * wgmma_depth);
    for (u32 row = 0; row < rows; row++)
        for (u32 half = 0; half < 2; half++)
            memcpy(&elements[row * wgmma_depth + half * 8], worker->shared.memory + chunk_address(descriptor, row, half), 16);
    return elements;
}

static std::vector<bf16> issue_operand(u64 descriptor, u32 rows, Where where) {
    require_descriptor(descriptor, rows, where);
    for (u32 row = 0; row < rows; row++)
        for (u32 half = 0; half < 2; half++) check_operand(*worker, chunk_address(descriptor, row, half), 16, where);
    return read_operand(descriptor, rows);
}

void fence_async_proxy() { current->proxy_fences++; }

void fence_wgmma() { my_group().fenced[my_thread()] = true; }

void issue_wgmma(float* d, u32 count, u64 a, u64 b, bool keep, Where where) {
    Warpgroup& group = my_group();
    u32 index = accumulator_of(group, d, count, where);
    group.issue_turn[my_thread()] = index;
    if (!group.arrived) group.request = {a, b, keep};
    if (group.request.a != a || group.request.b != b || group.request.keep != keep)
        fail(where, "wgmma: threads of a warpgroup give different descriptors");
    if (!gather(group, stage_issue, where)) return;
    for (u32 other : group.issue_turn)
        if (other != index) fail(where, "wgmma: threads of a warpgroup use different accumulators");
    group.open.push_back({{a, b, keep}, index, issue_operand(a, wgmma_rows, where), issue_operand(b, 2 * count, where)});
    leave();
}

void commit_wgmma(Where where) {
    Warpgroup& group = my_group();
    if (!gather(group, stage_commit, where)) return;
    group.groups.push_back(std::move(group.open));
    group.open.clear();
    leave();
}

static void multiply(Warpgroup& group, const WgmmaOperation& operation) {
    Accumulator& accumulator = group.accumulators[operation.accumulator];
    u32 columns = 2 * accumulator.count;
    auto& b = group.right;
    for (u32 k = 0; k < wgmma_depth; k++)
        for (u32 n = 0; n < columns; n++) b[k][n] = bf16_to_f32(operation.b[n * wgmma_depth + k]);
    for (u32 row = 0; row < wgmma_rows; row++) {
        // lane that holds (row, n), and its register
        auto held = [&](u32 n) -> float& {
            u32 thread = row / 16 * warp_size + row % 8 * 4 + n % 8 / 2;
            return accumulator.values[thread][n / 8 * 4 + row % 16 / 8 * 2 + n % 2];
        };
        float sum[2 * max_accumulators];
        for (u32 n = 0; n < columns; n++) sum[n] = operation.request.keep ? held(n) : 0.f;
        for (u32 k = 0; k < wgmma_depth; k++) {
            float a = bf16_to_f32(operation.a[row * wgmma_depth + k]);
            for (u32 n = 0; n < columns; n++) sum[n] += a * b[k][n];
        }
        for (u32 n = 0; n < columns; n++) held(n) = sum[n];
    }
}

static bool same(const std::vector<bf16>& x, const std::vector<bf16>& y) { return !memcmp(x.data(), y.data(), x.size() * sizeof(bf16)); }

static void finish(Warpgroup& group, const WgmmaOperation& operation, Where where) {
    const WgmmaRequest& request = operation.request;
    if (!same(operation.a, read_operand(request.a, wgmma_rows))
        || !same(operation.b, read_operand(request.b, (u32)operation.b.size() / wgmma_depth)))
        fail(where, "wgmma: an operand changed between the issue of the product and this wait for it");
    multiply(group, operation);
}

static bool in_flight(const Warpgroup& group, u32 accumulator) {
    for (auto& operation : group.open)
        if (operation.accumulator == accumulator) return true;
    for (auto& committed : group.groups)
        for (auto& operation : committed)
            if (operation.accumulator == accumulator) return true;
    return false;
}

// Gives the threads the accumulators that nothing in flight adds to.
static void deliver(Warpgroup& group) {
    for (u32 i = 0; i < group.accumulators.size(); i++) {
        Accumulator& done = group.accumulators[i];
        if (in_flight(group, i)) continue;
        for (u32 thread = 0; thread < warpgroup_size; thread++) {
            if (!done.registers[thread]) continue;
            memcpy(done.registers[thread], done.values[thread], done.count * sizeof(float));
            done.registers[thread] = nullptr;
            group.fenced[thread] = false;
        }
    }
}

void wait_wgmma(u32 groups_in_flight, Where where) {
    Warpgroup& group = my_group();
    if (!gather(group, stage_wait, where)) return;
    while (group.groups.size() > groups_in_flight) {
        for (const WgmmaOperation& operation : group.groups.front()) finish(group, operation, where);
        group.groups.erase(group.groups.begin());
    }
    deliver(group);
    leave();
}

} // namespace hostcuda
