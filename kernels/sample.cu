// Draws one token from each sampled row of logits: temperature, top-k, top-p and min-p by the rules of TokenSampler.cs, then a race of
// noisy logits (Gumbel-max). Each of the three truncations keeps the first so many tokens in the order (logit descending, id ascending), so
// together they are one cutoff in it, found without a sort. Without truncation the row is read once. Where it is wanted, two more readings
// give the drawn token's log-probability by the model itself: temperature 1, nothing truncated.
#include "common/argmax.cuh"
#include "common/device.cuh"
#include "common/pass.cuh"
#include "common/race.cuh"
#include "common/select.cuh"

#define LOG2_E 1.4426950408889634f
#define LN_2 0.6931471805599453f
#define MAX_FLOAT 3.4028234e38f

// What the most probable token weighs. The sum over a vocabulary of 2^24 would still fit 64 bits.
#define FULL_WEIGHT 1099511627776.f   // 2^40

struct SampleShared {
    SelectScratch select;
    Candidate max_leaders[32], race_leaders[32];
    u64 total;
};

struct Row {
    const float* logits;
    u32 vocabulary;
};

// The last token that is kept.
struct Cutoff {
    u32 key;   // its logit, ordered
    i32 token;
};

CS_DEVICE Cutoff keep_all() { return {0, 0x7fffffff}; }

CS_DEVICE bool keeps(Cutoff cutoff, float logit, i32 token)
{
    const u32 key = ordered(logit);
    return key > cutoff.key || (key == cutoff.key && token <= cutoff.token);
}

// The thread's largest logit.
CS_DEVICE Candidate scan(const Row& row)
{
    Candidate best = no_candidate();
    for (u32 first = threadIdx.x * 4; first < row.vocabulary; first += blockDim.x * 4) {
        const Four four = four_logits(ld16(row.logits + first), (i32)first, (i32)row.vocabulary);
        offer_logits(best, four);
    }
    return best;
}

// The thread's winner of the race among the kept tokens.
CS_DEVICE Candidate race(const Row& row, const PassSampling& how, Cutoff cutoff)
{
    Candidate best = no_candidate();
    for (u32 first = threadIdx.x * 4; first < row.vocabulary; first += blockDim.x * 4) {
        Four four = four_logits(ld16(row.logits + first), (i32)first, (i32)row.vocabulary);
#pragma unroll
        for (int i = 0; i < 4; i++)
            if (!keeps(cutoff, four.logits[i], four.first + i)) four.logits[i] = -INFINITE;
        if (most_possible(four, how) <= best.value) continue;
        offer_noisy_logits(best, four, how);
    }
    return best;
}

// exp((logit - max) / temperature) in units of 2^-40
CS_DEVICE u64 weigh(float logit, float max, float scale) { return (u64)(fast_exp2((logit - max) * scale) * FULL_WEIGHT); }

// The smallest whole number that is at least share * total; share < 1.
CS_DEVICE u64 part_of(u64 total, float share)
{
    const u64 fraction = (u64)(share * 4294967296.f), low = (total & 0xffffffffu) * fraction;
    const u64 part = (total >> 32) * fraction + ((low + 0xffffffffu) >> 32);
    return part > 0 ? part : 1;
}

// The cutoff that a selection means, where tokens with its key measure `each`. If only some of these are needed, the smaller ids stay.
CS_DEVICE Cutoff cut(SampleShared& shared, const Row& row, const Selection& selection, u64 each)
{
    const u64 needed = (selection.missing + each - 1) / each;
    if (needed * each >= selection.available) return {selection.key, 0x7fffffff};
    const Selection last = select_from_top(shared.select, row.vocabulary, needed, [&](u32 i, u32& key) -> u64 {
        key = ~i;
        return ordered(row.logits[i]) == selection.key;
    });
    return {selection.key, (i32)~last.key};
}

CS_DEVICE Cutoff keep_top_k(SampleShared& shared, const Row& row, u32 k)
{
    const Selection selection = select_from_top(shared.select, row.vocabulary, k, [&](u32 i, u32& key) -> u64 {
        key = ordered(row.logits[i]);
        return 1;
    });
    return cut(shared, row, selection, 1);
}

// Keeps the fewest tokens whose weight is at least top_p of what `cutoff` keeps.
CS_DEVICE Cutoff keep_top_p(SampleShared& shared, const Row& row, const PassSampling& how, float max, Cutoff cutoff)
{
    const float scale = fminf(LOG2_E / how.temperature, MAX_FLOAT);
    if (threadIdx.x == 0) shared.total = 0;
    __syncthreads();   // the total is clear
    u64 mine = 0;
    for (u32 i = threadIdx.x; i < row.vocabulary; i += blockDim.x) {
        if (keeps(cutoff, row.logits[i], (i32)i)) mine += weigh(row.logits[i], max, scale);
    }
    if (mine != 0) atomicAdd(&shared.total, mine);
    __syncthreads();   // the total is complete
    const u64 target = part_of(shared.total, how.top_p);
    // What the cutoff drops lies below the tokens that reach the target, and does not matter.
    const Selection selection = select_from_top(shared.select, row.vocabulary, target, [&](u32 i, u32& key) -> u64 {
        key = ordered(row.logits[i]);
        return weigh(row.logits[i], max, scale);
    });
    // The key is a logit in disguise, which gives the weight of each token that has it.
    return cut(shared, row, selection, weigh(unordered(selection.key), max, scale));
}

// The cutoff of all truncations. `max` is the largest logit, and finite.
CS_DEVICE Cutoff truncate(SampleShared& shared, const Row& row, const PassSampling& how, float max)
{
    Cutoff cutoff = keep_all();
    if (how.top_k > 0 && (u32)how.top_k < row.vocabulary) cutoff = keep_top_k(shared, row, (u32)how.top_k);
    if (how.top_p < 1.f) cutoff = keep_top_p(shared, row, how, max, cutoff);
    if (how.min_p > 0.f) {
        const u32 least = ordered(fmaf(how.temperature * LN_2, fast_log2(how.min_p), max));
        if (least > cutoff.key) cutoff = {least, 0x7fffffff};
    }
    return cutoff;
}

// ln softmax(logits)[token], the same in every thread. `max` is the largest logit; 0 where it is not finite. The sum is of whole numbers, so
// it does not depend on who adds first.
CS_DEVICE float log_probability(SampleShared& shared, const Row& row, float max, i32 token)
{
    if (!(max > -INFINITE && max < INFINITE)) return 0.f;
    if (threadIdx.x == 0) shared.total = 0;
    __syncthreads();   // the sum is clear
    u64 mine = 0;
    for (u32 i = threadIdx.x; i < row.vocabulary; i += blockDim.x) mine += weigh(row.logits[i], max, LOG2_E);
    if (mine != 0) atomicAdd(&shared.total, mine);
    __syncthreads();   // the sum is complete
    return row.logits[token] - max - LN_2 * fast_log2((float)shared.total / FULL_WEIGHT);
}

// tokens[i]: the token drawn for sampled row i; NOT_A_NUMBER where a logit is NaN. Without a draw (temperature 0, top_k 1) and where a
// logit is +inf: the smallest id with the largest logit; 0 where all are -inf. log_probabilities[i]: of that token, for rows that want it.
// Grid: one block for each row that may be sampled. Block: a multiple of 32 threads, whichever; the result is the same.
// logits: [outputs, stride], stride a multiple of 4. No dynamic shared memory.
CS_KERNEL_BOUNDS(sample_f32, 1024, 1)
(const i32* pass, const float* logits, i32 vocabulary, i32 stride, i32* tokens, float* log_probabilities)
{
    CS_SHARED(SampleShared, shared, [1]);
    await_predecessor();
    if ((i32)blockIdx.x >= pass[PASS_SAMPLED]) return;
    const PassSampling how = pass_section<PassSampling>(pass, PASS_SAMPLING)[blockIdx.x];
    const i32 output = pass_section<i32>(pass, PASS_SAMPLED_OUTPUTS)[blockIdx.x];
    const Row row = {logits + (size_t)output * stride, (u32)vocabulary};

    const bool draws = draws_by_noise(how);
    const bool truncates = how.top_k > 0 || how.top_p < 1.f || how.min_p > 0.f;
    const bool wants_log_probability = how.wants_log_probability != 0;
    Candidate best = no_candidate();
    if (!draws || truncates || wants_log_probability) best = block_best(shared[0].max_leaders, scan(row));
    const float max = best.value;
    if (draws && best.value < INFINITE) {
        const Cutoff cutoff = truncates && max > -INFINITE ? truncate(shared[0], row, how, max) : keep_all();
        best = block_best(shared[0].race_leaders, race(row, how, cutoff));
    }
    if (threadIdx.x == 0) tokens[blockIdx.x] = best.token;
    if (!wants_log_probability) return;
    const float log_p = log_probability(shared[0], row, max, best.token);
    if (threadIdx.x == 0) log_probabilities[blockIdx.x] = log_p;
}
CS_EXPORT(sample_f32)
