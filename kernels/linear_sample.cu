// Draws tokens in the epilogue of the output projection, for rows that race all tokens (no truncation, no log-probability) or take the
// largest logit: each tile of the product lets its own logits race while they are on the chip and hands on one candidate a draw. Logits are
// never stored: over a vocabulary of V that spares 8 V bytes a row, 4 V written by linear_f32 and 4 V read by sample_f32 (1 MB a row and
// 263 MB a pass of 256 rows for V = 128,256, beside 525 MB of bf16 weights at a width of 2048), for 12 bytes a draw and tile in the L2 cache.
//
// The token is the one that linear_f32 and sample_f32 give, bit for bit: logits are the same chains of sums, a token's noise depends on the
// row and the token alone, and the order of candidates is total, so it does not matter in which tile, or when, two of them meet.
#include "common/gemm.cuh"
#include "common/race.cuh"

// From tokens to integers in the order in which equals win, and back: the smaller id first, NOT_A_NUMBER before all.
CS_DEVICE u32 token_order(u32 token) { return 0x7fffffffu - token; }

// A candidate as one integer, in the order of candidates; 0 is less than any.
CS_DEVICE u64 candidate_rank(Candidate candidate) { return (u64)ordered(candidate.value) << 32 | token_order((u32)candidate.token); }

// What a draw has reached so far: the value of its best candidate, NaN where there is none yet, and that candidate's token.
CS_DEVICE float rank_value(const u64* rank) { return unordered(ld_volatile((const u32*)rank + 1)); }
CS_DEVICE i32 rank_token(const u64* rank) { return (i32)token_order(ld_volatile((const u32*)rank)); }

// The best of four logits for one draw. What cannot beat the value that the draw has reached elsewhere is no candidate: `reached` may be
// out of date, which costs noise and changes nothing.
CS_DEVICE Candidate best_of_four(const Four& four, const PassSampling& how, float reached)
{
    Candidate best = no_candidate();
    if (!draws_by_noise(how)) offer_logits(best, four);
    else if (!(most_possible(four, how) < reached)) offer_noisy_logits(best, four, how);
    return best;
}

// A block's tile of logits in shared memory, in the place of the ring. Rows are 8 floats further apart than they are long, so that the rows
// a warp stores to at once lie in different banks.
template <class Shape> struct LogitTile {
    static constexpr int stride = Shape::columns + 8;
    static_assert(Shape::rows * stride * sizeof(float) <= GEMM_SHARED_BYTES);
};

template <class Shape>
CS_DEVICE void linear_sample(
    const i32* pass, const bf16* input, const bf16* weight, u64* ranks, i32* arrivals, i32* tokens, i32 vocabulary, i32 k) {
    CS_DYNAMIC_SHARED(bf16, stages);
    CS_SHARED(i32, is_last, [1]);
    // Row tiles are neighbours in the grid, so blocks that run together read the same weights.
    int first_row = blockIdx.x * Shape::rows, first_column = blockIdx.y * Shape::columns;
    int rows = pass[PASS_OUTPUTS] - first_row, columns = vocabulary - first_column;
    if (rows <= 0) return await_predecessor();
    const i32* first_draws = pass_section<i32>(pass, PASS_FIRST_DRAWS) + first_row;
    const i32 first_draw = first_draws[0], end_draw = first_draws[rows < Shape::rows ? rows : Shape::rows];
    if (first_draw == end_draw) return await_predecessor();   // rows that only want a reward

    float sums[Shape::tiles_m][Shape::tiles_n][4] = {};
    const bf16* weights[1] = {weight + (u64)first_column * k};
    gemm_multiply<Shape>(sums, gemm_copier<Shape>(input + (u64)first_row * k, rows, weights, columns, k), k, stages);

    float* logits = (float*)stages;
    cp_async_wait<0>();
    __syncthreads();   // nobody reads the ring any more, and no copy is on its way to it
    gemm_store<Shape>(sums, rows, columns, [&](int row, int column, const float2 (&products)[1]) {
        *(float2*)(logits + row * LogitTile<Shape>::stride + column) = products[0];
    });
    __syncthreads();   // the tile is complete

    // A thread has four columns of one draw at a time; the threads of a draw are neighbours in a warp.
    constexpr int lanes = Shape::columns / 4, draws_at_once = Shape::threads / lanes;
    const int column = threadIdx.x % lanes * 4;
    for (i32 first = first_draw; first < end_draw; first += draws_at_once) {
        const i32 draw = first + threadIdx.x / lanes;
        Candidate best = no_candidate();
        if (draw < end_draw) {
            const int row = pass_section<i32>(pass, PASS_SAMPLED_OUTPUTS)[draw] - first_row;
            const Four four = four_logits(ld16(logits + row * LogitTile<Shape>::stride + column), first_column + column, vocabulary);
            best = best_of_four(four, pass_section<PassSampling>(pass, PASS_SAMPLING)[draw], rank_value(ranks + draw));
        }
        best = group_best<lanes>(best);
        if (draw < end_draw && column == 0) atomicMax(ranks + draw, candidate_rank(best));
    }

    // The last block of a row tile to arrive knows the winners, and leaves everything as the next pass must find it.
    threadfence();
    __syncthreads();   // the block's candidates are there for all
    if (threadIdx.x == 0) is_last[0] = atomicAdd(arrivals + blockIdx.x, 1) == (i32)gridDim.y - 1;
    __syncthreads();   // it is known who is the last
    if (!is_last[0]) return;
    threadfence();
    for (i32 draw = first_draw + threadIdx.x; draw < end_draw; draw += Shape::threads) {
        tokens[draw] = rank_token(ranks + draw);
        ranks[draw] = 0;
    }
    if (threadIdx.x == 0) arrivals[blockIdx.x] = 0;
}

#define LINEAR_SAMPLE_KERNEL(name, Shape)                                                                                                  \
    CS_KERNEL_BOUNDS(name, Shape::threads, 1)                                                                                              \
    (const i32* pass, const bf16* input, const bf16* weight, u64* ranks, i32* arrivals, i32* tokens, i32 vocabulary, i32 k) {              \
        linear_sample<Shape>(pass, input, weight, ranks, arrivals, tokens, vocabulary, k);                                                 \
    }                                                                                                                                      \
    CS_EXPORT(name)

LINEAR_SAMPLE_KERNEL(linear_sample_bf16_m16n16, GemmShape16x16<1>)
LINEAR_SAMPLE_KERNEL(linear_sample_bf16_m64n32, GemmShape64x32<1>)
LINEAR_SAMPLE_KERNEL(linear_sample_bf16_m64n64, GemmShape64x64)
LINEAR_SAMPLE_KERNEL(linear_sample_bf16_m128n128, GemmShape128x128)

// Launch: grid (row tiles of the outputs' capacity, column tiles of the vocabulary), Shape::threads threads, GEMM_SHARED_BYTES of dynamic
// shared memory.
//   pass      outputs, and their draws; top-p, min-p, top-k above 1 and log-probabilities are not looked at
//   input     [outputs, k], k a multiple of 64
//   weight    [vocabulary, k]; any vocabulary
//   ranks     [draws], zero before and after: the best candidate of each draw so far
//   arrivals  [row tiles], zero before and after
//   tokens    [draws], what sample_f32 draws: the winner, or NOT_A_NUMBER where a logit is NaN
