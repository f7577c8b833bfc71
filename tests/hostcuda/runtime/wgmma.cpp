#include "wgmma.h"
#include "../checker/checker.h"
#include "report.h"
#include "schedule.h"
#include <algorithm>
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

// An operand in shared memory with 128-byte swizzle, the one that kernels use. It lies in rows of 128 bytes, eight of them to a group: K-major,
// a row is 64 elements along k of one row of the operand; MN-major, of 64 rows of the operand one element each, and further rows of the operand
// are in further tiles.
struct SharedOperand {
    u64 descriptor;
    u32 rows;
    bool mn_major;

    u32 start() const { return (u32)(descriptor & 0x3fff) << 4; }
    u32 tile_stride() const { return (u32)(descriptor >> 16 & 0x3fff) << 4; }
    u32 group_stride() const { return (u32)(descriptor >> 32 & 0x3fff) << 4; }

    u32 chunks() const { return rows * wgmma_depth / 8; }
    // Shared address of 16 bytes, and the elements [row][k] that they are: `stride` apart from `first` on.
    u32 address(u32 chunk) const {
        u32 line = mn_major ? chunk % wgmma_depth : chunk / 2, column = mn_major ? chunk / wgmma_depth * 8 : chunk % 2 * 8;
        u32 at = start() + line / 8 * group_stride() + line % 8 * 128 + column / 64 * tile_stride() + column % 64 * 2;
        return at ^ (at >> 7 & 7) << 4;
    }
    u32 first(u32 chunk) const { return mn_major ? chunk / wgmma_depth * 8 * wgmma_depth + chunk % wgmma_depth : chunk * 8; }
    u32 stride() const { return mn_major ? wgmma_depth : 1; }
};

static void require_descriptor(const SharedOperand& operand, Where where) {
    u32 start = operand.start();
    if (operand.descriptor >> 62 != 1)
        fail(where, "wgmma: a descriptor %016llx without 128-byte swizzle is not modelled", operand.descriptor);
    if (operand.descriptor >> 49 & 7 || start >> 7 & 7)
        fail(where, "wgmma: a tile at %u, where the swizzle does not begin anew, is not modelled: align it to 1024 bytes", start & ~127u);
    u32 lines = operand.mn_major ? wgmma_depth : operand.rows, tiles = operand.mn_major ? (operand.rows + 63) / 64 : 1;
    u32 last = (lines / 8 - 1) * operand.group_stride() + 1024 + (tiles - 1) * operand.tile_stride();
    if (!worker->shared.holds(start & ~127u, last))
        fail(where, "wgmma: %u rows at %u lie outside every shared array", operand.rows, start & ~127u);
}

static std::vector<bf16> issue_operand(const SharedOperand& operand, Where where) {
    require_descriptor(operand, where);
    std::vector<bf16> elements(operand.rows * wgmma_depth);
    for (u32 i = 0; i < operand.chunks(); i++) {
        check_operand(*worker, operand.address(i), 16, where);
        bf16 chunk[8];
        memcpy(chunk, worker->shared.memory + operand.address(i), sizeof chunk);
        for (u32 e = 0; e < 8; e++) elements[operand.first(i) + e * operand.stride()] = chunk[e];
    }
    return elements;
}

// Where in [64][16] element e of register r of a thread belongs.
static u32 place_of_register(u32 thread, u32 r, u32 e) {
    u32 row = thread / warp_size * warp_rows + thread % warp_size / 4 + r % 2 * 8, k = thread % 4 * 2 + r / 2 * 8 + e;
    return row * wgmma_depth + k;
}

static std::vector<bf16> issue_registers(const LeftRegisters (&registers)[warpgroup_size]) {
    std::vector<bf16> elements(wgmma_rows * wgmma_depth);
    for (u32 thread = 0; thread < warpgroup_size; thread++)
        for (u32 i = 0; i < 8; i++) elements[place_of_register(thread, i / 2, i % 2)].bits = (u16)(registers[thread][i / 2] >> i % 2 * 16);
    return elements;
}

void fence_async_proxy() { current->proxy_fences++; }

void fence_wgmma() { my_group().fenced[my_thread()] = true; }

static std::vector<bf16> issue_left(const Warpgroup& group, Where where) {
    return group.request.a_in_registers ? issue_registers(group.left) : issue_operand({group.request.a, wgmma_rows, false}, where);
}

static SharedOperand right_operand(const WgmmaRequest& request, u32 columns) { return {request.b, columns, request.b_is_mn_major}; }

void issue_wgmma(float* d, u32 count, const u32* registers, u64 a, u64 b, bool b_is_mn_major, bool keep, Where where) {
    Warpgroup& group = my_group();
    u32 index = accumulator_of(group, d, count, where);
    WgmmaRequest mine = {a, b, registers != nullptr, b_is_mn_major, keep};
    group.issue_turn[my_thread()] = index;
    group.left[my_thread()] = registers;
    if (!group.arrived) group.request = mine;
    if (!(group.request == mine)) fail(where, "wgmma: threads of a warpgroup give different descriptors");
    if (!gather(group, stage_issue, where)) return;
    for (u32 other : group.issue_turn)
        if (other != index) fail(where, "wgmma: threads of a warpgroup use different accumulators");
    WgmmaOperation operation = {mine, index, issue_left(group, where), issue_operand(right_operand(mine, 2 * count), where), {}};
    std::copy(std::begin(group.left), std::end(group.left), operation.registers);
    group.open.push_back(std::move(operation));
    leave_group();
}

void commit_wgmma(Where where) {
    Warpgroup& group = my_group();
    if (!gather(group, stage_commit, where)) return;
    group.groups.push_back({std::move(group.open), 0});
    group.open.clear();
    leave_group();
}

// Chunks first … end - 1 of an operand in shared memory.
static bool unchanged(const std::vector<bf16>& elements, const SharedOperand& operand, u32 first, u32 end) {
    for (u32 i = first; i < end; i++) {
        bf16 chunk[8];
        memcpy(chunk, worker->shared.memory + operand.address(i), sizeof chunk);
        for (u32 e = 0; e < 8; e++)
            if (elements[operand.first(i) + e * operand.stride()].bits != chunk[e].bits) return false;
    }
    return true;
}

// What a warp has of the left operand.
static bool left_unchanged(const WgmmaOperation& operation, u32 warp) {
    if (!operation.request.a_in_registers) {
        SharedOperand left = {operation.request.a, wgmma_rows, false};
        return unchanged(operation.a, left, warp * left.chunks() / warpgroup_warps, (warp + 1) * left.chunks() / warpgroup_warps);
    }
    for (u32 thread = warp * warp_size; thread < (warp + 1) * warp_size; thread++)
        for (u32 i = 0; i < 8; i++) {
            u16 now = (u16)(operation.registers[thread][i / 2] >> i % 2 * 16);
            if (operation.a[place_of_register(thread, i / 2, i % 2)].bits != now) return false;
        }
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
    SharedOperand right = right_operand(operation.request, (u32)operation.b.size() / wgmma_depth);
    if (!left_unchanged(operation, warp) || !unchanged(operation.b, right, 0, right.chunks()))
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
