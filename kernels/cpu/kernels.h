// The C interface of the native CPU kernels. Managed code cuts every operation into parts, runs the parts on its own threads, and calls one of
// these functions for each; nothing here allocates, starts threads or keeps state.
#pragma once

#include <cstdint>

extern "C" {

// output (+)= input · weightᵀ (+ bias), for a run of output columns.
struct LinearWork {
    const void* input;       // [rows, columns], in the format of CpuKernels::input_bytes
    const void* weight;      // [outputs, columns], in panels of the kernels
    const float* bias;       // [outputs], or null
    float* output;           // [rows, outputs]
    int64_t input_stride;    // bytes from row to row
    int64_t output_stride;   // floats from row to row
    int32_t rows;
    int32_t columns;
    int32_t first_output;    // the part: output columns from here, a multiple of 32,
    int32_t end_output;      // up to, not including, here
    int32_t add;             // whether the product is added to what the output holds
};

// output = silu(input · gateᵀ) * (input · upᵀ), for a run of output columns.
struct GatedLinearWork {
    const void* input;       // as in LinearWork
    const void* gate;        // [outputs, columns]
    const void* up;          // [outputs, columns]
    float* output;           // [rows, outputs]
    int64_t input_stride;
    int64_t output_stride;
    int32_t rows;
    int32_t columns;
    int32_t first_output;
    int32_t end_output;
};

// Consecutive ranges of one segment and everybody who attends to them; the managed WorkItem.
struct AttentionItem {
    int32_t first_key;       // a multiple of 64
    int32_t key_count;       // 1 to 512
    int32_t first_page;      // in AttentionWork::pages
    int32_t page_count;
    int32_t first_member;    // in AttentionWork::members
    int32_t member_count;
};

// Consecutive rows that visit an item; the managed PlanMember.
struct AttentionMember {
    int32_t first_row;
    int32_t row_count;
    int32_t first_position;
    int32_t state;           // not read here: states are merged where they arise
};

// Causal attention of some rows over the pages of one key/value head.
struct AttentionWork {
    const float* queries;    // [rows, heads * head_dim], rotated
    const float* keys;       // this layer's: [pages, kv_heads, head_dim, 16]
    const float* values;     // this layer's: [pages, kv_heads, 16, head_dim]
    float* output;           // [rows, heads * head_dim]
    float* later;            // [rows, heads * head_dim]: outputs of a segment behind the first, until it joins them; written before it is read
    float* state;            // [rows, heads, 4]: maximum and sum of the softmax so far, and of such a segment; written before it is read
    const AttentionItem* items;
    const AttentionMember* members;
    const int32_t* pages;
    int32_t item_count;
    int32_t heads;
    int32_t kv_heads;
    int32_t head_dim;        // a multiple of 16
    float scale;             // log2(e) / sqrt(head_dim)
    int32_t kv_head;         // the part: this head,
    int32_t first_row;       // for the rows from here
    int32_t end_row;         // up to, not including, here
};

// One set of instructions and one format of weights.
struct CpuKernels {
    // Bytes of an input row in the format that products read, and what brings a row of float32 into it.
    int64_t (*input_bytes)(int64_t columns);
    void (*narrow)(const float* source, void* destination, int64_t columns);
    // Bytes of a panel of 32 outputs, and what fills one from as many stored rows of bfloat16 or float32, or fewer at the end of a matrix.
    int64_t (*panel_bytes)(int64_t columns);
    void (*pack)(const void* source, int32_t bfloat16, int64_t rows, int64_t columns, void* panel);

    void (*linear)(const LinearWork* work);
    void (*gated_linear)(const GatedLinearWork* work);
    void (*attend)(const AttentionWork* work);

    // What the processor can do at best, for measurements: multiply-adds of this kind out of registers, and reading memory once.
    int64_t (*peak)(int64_t rounds);                             // returns the operations done, two a multiply-add
    void (*read)(const void* source, int64_t bytes);             // bytes: a multiple of 512
};

// Formats of weights.
enum { kFloat32Weights = 0, kBfloat16Weights = 1, kInt8Weights = 2 };

#if defined(__GNUC__)
#define CUDASEARCH_EXPORT __attribute__((visibility("default")))
#else
#define CUDASEARCH_EXPORT
#endif

// The kernels of a path ("amx-bf16", "avx512-bf16", "avx512" or "avx2") for a format of weights; null where this processor or the path cannot run it.
CUDASEARCH_EXPORT const CpuKernels* cudasearch_cpu_kernels(const char* path, int32_t weights);

// Changes whenever this header does.
CUDASEARCH_EXPORT int32_t cudasearch_cpu_version(void);
}

constexpr int32_t kInterfaceVersion = 3;

// What each instruction set's file defines.
extern const CpuKernels kAmxBf16, kAvx512Bf16, kAvx512Int8, kAvx512OfBfloat16, kAvx512OfFloat32, kAvx2OfBfloat16, kAvx2OfFloat32;
