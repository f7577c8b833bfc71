#include "wgmma.h"
#include "../checker/checker.h"
#include "report.h"
#include "schedule.h"
#include <hostcuda/hopper.h>
#include <hostcuda/math.h>

namespace hostcuda {

enum Stage : u32 { stage_issue, stage_commit };

void Warpgroup::reset() {
    arrived = 0;
    for (u32& warp : waiting) warp = 0;
    for (bool& thread : fenced) thread = false;
    accumulators.clear();
    open.clear();
    groups.clear();
}

static Warpgroup& my_group() { return worker->warpgroups[current->id / warpgroup_size]; }
static u32 my_thread() { return current->id % warpgroup_size; }

// True for the last of `all` threads, which acts for them and then lets them go.
static bool is_last(u32& arrived, u32 all, Where where) {
    Worker& w = *worker;
    Lane& me = *current;
    me.operation = Operation::warpgroup;
    me.where = where;
    if (++arrived == all) {
        arrived = 0;
        return true;
    }
    clear_runnable(w, *me.warp, me.number);
    park(w, me);
    return false;
}

static bool gather(Warpgroup& group, Stage stage, Where where) {
    if (group.arrived && group.stage != stage) fail(where, "wgmma: threads of a warpgroup are at different operations");
    group.stage = stage;
    return is_last(group.arrived, warpgroup_size, where);
}

// Lets `count` warps go, of which the first is so many behind this one.
static void leave(u32 back, u32 count) {
    Worker& w = *worker;
    note_progress(w);
    u32 first = current->warp->id - back;
    for (u32 i = first; i < first + count; i++) set_runnable(w, w.warps[i], w.warps[i].alive);
    maybe_yield(w, *current);
}

static void leave_group() { leave(my_thread() / warp_size, warpgroup_warps); }

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

static const void* chunk(u64 descriptor, u32 row, u32 half) { return worker->shared.memory + chunk_address(descriptor, row, half); }

static std::vector<bf16> issue_operand(u64 descriptor, u32 rows, Where where) {
    require_descriptor(descriptor, rows, where);
    std::vector<bf16> elements(rows * wgmma_depth);
    for (u32 row = 0; row < rows; row++)
        for (u32 half = 0; half < 2; half++) {
            check_operand(*worker, chunk_address(descriptor, row, half), 16, where);
            memcpy(&elements[row * wgmma_depth + half * 8], chunk(descriptor, row, half), 16);
        }
    return elements;
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
    leave_group();
}

void commit_wgmma(Where where) {
    Warpgroup& group = my_group();
    if (!gather(group, stage_commit, where)) return;
    group.groups.push_back({std::move(group.open), 0});
    group.open.clear();
    leave_group();
}

static bool unchanged(const std::vector<bf16>& elements, u64 descriptor, u32 first_row, u32 end_row) {
    for (u32 row = first_row; row < end_row; row++)
        for (u32 half = 0; half < 2; half++)
            if (memcmp(&elements[row * wgmma_depth + half * 8], chunk(descriptor, row, half), 16)) return false;
    return true;
}

// The rows of one warp.
static void multiply(Warpgroup& group, const WgmmaOperation& operation, u32 warp) {
    Accumulator& accumulator = group.accumulators[operation.accumulator];
    u32 columns = 2 * accumulator.count;
    auto& b = group.right;
    for (u32 k = 0; k < wgmma_depth; k++)
        for (u32 n = 0; n < columns; n++) b[k][n] = bf16_to_f32(operation.b[n * wgmma_depth + k]);
    for (u32 row = warp * warp_rows; row < (warp + 1) * warp_rows; row++) {
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

static void finish(Warpgroup& group, const WgmmaOperation& operation, u32 warp, Where where) {
    const WgmmaRequest& request = operation.request;
    if (!unchanged(operation.a, request.a, warp * warp_rows, (warp + 1) * warp_rows)
        || !unchanged(operation.b, request.b, 0, (u32)operation.b.size() / wgmma_depth))
        fail(where, "wgmma: an operand changed between the issue of the product and this wait for it");
    multiply(group, operation, warp);
}

static bool uses(const std::vector<WgmmaOperation>& operations, u32 accumulator) {
    for (auto& operation : operations)
        if (operation.accumulator == accumulator) return true;
    return false;
}

static bool in_flight(const Warpgroup& group, u32 accumulator, u32 warp) {
    for (auto& committed : group.groups)
        if (!(committed.finished >> warp & 1) && uses(committed.operations, accumulator)) return true;
    return uses(group.open, accumulator);
}

// Gives a warp the accumulators that nothing in flight adds to.
static void deliver(Warpgroup& group, u32 warp) {
    for (u32 i = 0; i < group.accumulators.size(); i++) {
        Accumulator& done = group.accumulators[i];
        if (in_flight(group, i, warp)) continue;
        for (u32 thread = warp * warp_size; thread < (warp + 1) * warp_size; thread++) {
            if (!done.registers[thread]) continue;
            memcpy(done.registers[thread], done.values[thread], done.count * sizeof(float));
            done.registers[thread] = nullptr;
            group.fenced[thread] = false;
        }
    }
}

void wait_wgmma(u32 groups_in_flight, Where where) {
    Warpgroup& group = my_group();
    u32 warp = my_thread() / warp_size;
    if (!is_last(group.waiting[warp], warp_size, where)) return;
    for (size_t i = 0; i + groups_in_flight < group.groups.size(); i++) {
        WgmmaGroup& oldest = group.groups[i];
        if (oldest.finished >> warp & 1) continue;
        for (const WgmmaOperation& operation : oldest.operations) finish(group, operation, warp, where);
        oldest.finished |= 1u << warp;
    }
    while (!group.groups.empty() && group.groups.front().finished == (1u << warpgroup_warps) - 1) group.groups.erase(group.groups.begin());
    deliver(group, warp);
    leave(0, 1);
}

} // namespace hostcuda
