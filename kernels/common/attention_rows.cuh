// The rows of a work item as one flat list. Members are spans of rows of very different lengths: one row when a sequence decodes, many
// when it is filled; flat, they pack densely into tiles of queries.
#pragma once
#include "pass.cuh"

struct PlanRow {
    i32 row, position;
};

// 32 members of an item, one a lane: their rows are numbers `start` up to `start + member.row_count` of `total`.
struct MemberGroup {
    PassMember member;
    i32 start, total;
};

// The members from number `first` on; with all 32 lanes.
CS_DEVICE MemberGroup read_members(const PassMember* members, i32 first, i32 member_count) {
    i32 lane = threadIdx.x % 32, left = member_count - first;
    PassMember member = {0, 0, 0};
    if (lane < left) member = members[first + lane];
    i32 end = member.row_count;
    if (left == 1) return {member, 0, __shfl_sync(0xffffffffu, end, 0)};
#pragma unroll
    for (i32 step = 1; step < 32; step *= 2) {
        i32 before = __shfl_up_sync(0xffffffffu, end, step);
        if (lane >= step) end += before;
    }
    return {member, end - member.row_count, __shfl_sync(0xffffffffu, end, 31)};
}

// Writes rows `first` up to `first + CAPACITY` of the group into a list in shared memory; every warp of the block writes its share.
template <i32 CAPACITY, i32 WARPS> CS_DEVICE void list_rows(PlanRow* rows, const MemberGroup& group, i32 first) {
    i32 skipped = first > group.start ? first - group.start : 0;
    for (i32 i = skipped + threadIdx.x / 32; i < group.member.row_count && group.start + i < first + CAPACITY; i += WARPS)
        rows[group.start + i - first] = {group.member.first_row + i, group.member.first_position + i};
}
