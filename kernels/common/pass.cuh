// The pass block: all that a pass depends on besides weights, activations and the KV cache, as one int32 array in device memory. The host
// uploads it whole before each pass; kernels read counts and tables from it, so one captured graph serves every batch of its size class.
// Written by PassBlock.cs; the two files must agree.
#pragma once
#include "predecessor.cuh"

// Words of the header. The first seven are counts; each later one is where a section starts, in words from the start of the block.
enum PassWord : i32 {
    PASS_ROWS,       // tokens in the pass
    PASS_OUTPUTS,    // rows whose final hidden state is needed
    PASS_SAMPLED,    // outputs that draw a token
    PASS_REWARDED,   // outputs that want a reward
    PASS_COPIES,     // pages to copy first
    PASS_UNITS,      // work units of the attention plan
    PASS_TILES,      // prefill tiles
    PASS_TOKEN_IDS,          // [rows]
    PASS_POSITIONS,          // [rows] in the sequence
    PASS_SLOTS,              // [rows] page * 16 + offset of the row's key and value
    PASS_OUTPUT_ROWS,        // [outputs] row
    PASS_SAMPLED_OUTPUTS,    // [sampled] index among the outputs, ascending
    PASS_SAMPLING,           // [sampled] PassSampling
    PASS_REWARDED_OUTPUTS,   // [rewarded] index among the outputs
    PASS_COPY_LIST,          // [copies] PassCopy
    PASS_UNIT_LIST,          // [units] PassUnit, the longest first
    PASS_PAGES,              // physical pages of the units
    PASS_UNIT_ROWS,          // PassUnitRow of the units
    PASS_ROW_PARTIALS,       // [rows + 1] first partial state of each row (a row with one state only, or outside the plan, has none)
    PASS_PARTIAL_KEYS,       // [partials] first key of what each partial state has seen
    PASS_TILE_LIST,          // [tiles] PassTile
    PASS_TILE_PAGES,         // physical pages of the tiles' sequences
    PASS_FIRST_DRAWS,        // [outputs + 1] first draw (index among the sampled) of each output, then the number of draws
    PASS_HEADER_WORDS,
};

// How one token is drawn; the rules are those of TokenSampler.cs.
struct PassSampling {
    float temperature;   // 0: greedy
    float top_p;         // 1: off
    i32 top_k;           // 0: off
    float min_p;         // 0: off
    u32 key_low, key_high;   // keys the row's noise
    i32 wants_log_probability;   // 0: not wanted
    u32 unused;
};

struct PassCopy {
    i32 source, destination;   // pages
};

// A run of ranges of one segment, and some of the rows that attend to it (WorkUnits.cs): what one block folds.
struct PassUnit {
    i32 first_key, key_count;
    i32 first_page;             // in PASS_PAGES
    i32 first_row, row_count;   // in PASS_UNIT_ROWS
    i32 merges;                 // 1 when some of the rows have more states than this
};

struct PassUnitRow {
    i32 row, position;
    i32 partial;   // where its state goes; -1 when it has no other and is finished
};

// Consecutive rows of one sequence whose attention is computed by one block, over the whole context.
struct PassTile {
    i32 first_row, row_count, first_position;
    i32 first_page;   // of the sequence, in PASS_TILE_PAGES
};

template <class T> CS_DEVICE const T* pass_section(const i32* pass, PassWord section) { return (const T*)(pass + pass[section]); }

// Rows of a row set: 0 is every row of the pass, 1 its output rows.
CS_DEVICE i32 pass_row_count(const i32* pass, i32 row_set) { return pass[row_set == 0 ? PASS_ROWS : PASS_OUTPUTS]; }
