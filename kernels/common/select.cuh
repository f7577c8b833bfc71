// Selection without a sort: a walk from the largest key down that stops where it has gathered a target, digit by digit over histograms.
// All sums are of integers, so neither the number of threads nor their order shows in the result.
#pragma once
#include "device.cuh"

// Digits of 10, 11 and 11 bits; bins are summed in groups so that the walk over them is short.
#define SELECT_BINS 2048
#define SELECT_GROUP 32

// Where the walk stopped. Items with a larger key are all gathered; of those with this one, which measure `available`, `missing` is needed.
struct Selection {
    u32 key;
    u64 missing, available;
};

// Shared memory of a selection.
struct SelectScratch {
    u64 bins[SELECT_BINS];
    u64 groups[SELECT_BINS / SELECT_GROUP];
    Selection found;
};

// Adds up the bins of each group; threads start at different bins, for the sake of the banks.
CS_DEVICE void sum_groups(SelectScratch& scratch)
{
    for (u32 group = threadIdx.x; group < SELECT_BINS / SELECT_GROUP; group += blockDim.x) {
        u64 sum = 0;
#pragma unroll 4
        for (u32 i = 0; i < SELECT_GROUP; i++) sum += scratch.bins[group * SELECT_GROUP + (i + group) % SELECT_GROUP];
        scratch.groups[group] = sum;
    }
}

// Goes down the groups, then down the bins of the group where the target is reached.
CS_DEVICE Selection walk(const SelectScratch& scratch, u32 key, int shift, u64 missing)
{
    u32 group = SELECT_BINS / SELECT_GROUP - 1;
    while (group > 0 && scratch.groups[group] < missing) missing -= scratch.groups[group--];
    u32 bin = group * SELECT_GROUP + SELECT_GROUP - 1;
    while (bin > group * SELECT_GROUP && scratch.bins[bin] < missing) missing -= scratch.bins[bin--];
    return {key | bin << shift, missing, scratch.bins[bin]};
}

// measure(i, key): the measure of item i, whose key it sets; items of measure 0 do not take part. 0 < target <= the sum of all measures.
template <class Measure> CS_DEVICE Selection select_from_top(SelectScratch& scratch, u32 count, u64 target, Measure measure)
{
    Selection found = {0, target, 0};
    u32 known = 0;   // the bits of found.key that are decided
    for (int shift = 22; shift >= 0; shift -= 11) {
        for (u32 i = threadIdx.x; i < SELECT_BINS; i += blockDim.x) scratch.bins[i] = 0;
        __syncthreads();   // bins are clear
        for (u32 i = threadIdx.x; i < count; i += blockDim.x) {
            u32 key;
            const u64 amount = measure(i, key);
            if (amount != 0 && ((key ^ found.key) & known) == 0) atomicAdd(&scratch.bins[(key >> shift) % SELECT_BINS], amount);
        }
        __syncthreads();   // bins are full
        sum_groups(scratch);
        __syncthreads();   // groups are summed
        if (threadIdx.x == 0) scratch.found = walk(scratch, found.key, shift, found.missing);
        __syncthreads();   // the digit is found
        found = scratch.found;
        known |= (u32)(SELECT_BINS - 1) << shift;
    }
    return found;
}
