// The state of a running block that kernel code touches directly: the current lane, its warp, its block.
#pragma once
#include "types.h"

// Compiled into the library, imported by every module.
#define HOSTCUDA_API __attribute__((visibility("default")))

// A word of the device vocabulary. In the checker flavour the kernel is instrumented and these functions must not be: they stay out of
// line, check what they touch themselves, and what they do to lanes and scratch is nobody's business.
#if defined(__SANITIZE_THREAD__)
#define HOSTCUDA_CHECKER 1
#define HOSTCUDA_INLINE static __attribute__((noinline, unused, no_sanitize("thread")))
#else
#define HOSTCUDA_CHECKER 0
#define HOSTCUDA_INLINE static inline __attribute__((always_inline))
#endif

namespace hostcuda {

// Where the kernel's source says something: every waiting word takes one as its last, defaulted argument.
struct Where {
    const char* file;
    int line;
    static constexpr Where here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) { return {file, line}; }
};

enum class Operation : u32 { none, shuffle, vote, warp_barrier, reduction, matrix_load, matrix_product, block_barrier, warpgroup, exited };

constexpr u32 warp_size = 32;
constexpr u32 whole_warp = 0xffffffffu;

struct Block;
struct Warp;
struct CopyQueue;

// One CUDA thread: a fiber, its indices, and what it brings to and takes from a collective.
struct __align__(64) Lane {
    void* stack_pointer; // where it goes on; meaningless while it runs
    Warp* warp;
    Block* block;
    uint3 thread_index;
    u32 id;           // in the block
    u32 number;       // in the warp
    bool started;
    u64 operand;      // deposited before the lane waits; the last arriver reads it
    u64 result;       // written by the last arriver
    u32 source;       // lane a shuffle reads from
    u32 mask;         // of the collective it waits in
    Operation operation;
    u32 warp_epoch;   // rises at __syncwarp: orders a warp's accesses for the race detector
    u32 acquired;     // Shadow::time() when it last got past an mbarrier, or met another lane that had
    u32 proxy_fences; // fence.proxy.async so far: what it wrote before the latest is there for TMA and wgmma
    u32 rows_buffer;  // which half of Warp::rows its next ldmatrix uses
    bool waited;      // for the kernel before, or it need not: see predecessor.h
    Where where;
    CopyQueue* copies; // cp.async in flight, made on first use
    char* stack;       // [stack_bytes], lowest address
    size_t stack_bytes;
    void* fake_stack;  // AddressSanitizer's, while the lane is parked
};

// Lanes of a warp that wait for each other: the same mask at the same kind of operation.
struct Rendezvous {
    u32 mask, arrived;
    Operation operation;
};

constexpr u32 tile_floats = 8192;

struct Warp {
    u32 id;       // in the block
    u32 alive;    // lanes that have not exited
    u32 runnable; // lanes that are not waiting
    u32 turn;     // the lane after which others look for one to run while they spin: every lane's turn comes
    Block* block;
    Lane* lanes;  // [32]
    float* tile;  // [tile_floats], operands and result of a matrix product
    uint4* rows;  // [2][32], rows of an ldmatrix; two halves because a fast lane may be at its next one
    Rendezvous rendezvous[4];
};

struct Block {
    uint3 index, extent, grid;
    char* shared; // the arena; offsets in it are the block's shared addresses
};

// The lane that runs on this OS thread, null outside kernels. GNU __thread: an imported C++ thread_local would be called through a wrapper.
extern HOSTCUDA_API __thread Lane* current __attribute__((tls_model("initial-exec")));

// Ends the launch with a report that names kernel, block, thread and `where`; never returns to the lane.
[[noreturn]] HOSTCUDA_API void fail(Where where, const char* format, ...) __attribute__((format(printf, 2, 3)));

// Lets other lanes run; a launch where nothing but spinning happens is reported as a livelock.
HOSTCUDA_API void spin(Where where);

HOSTCUDA_INLINE uint3 thread_index() { return current->thread_index; }
HOSTCUDA_INLINE uint3 block_index() { return current->block->index; }
HOSTCUDA_INLINE uint3 block_extent() { return current->block->extent; }
HOSTCUDA_INLINE uint3 grid_extent() { return current->block->grid; }

} // namespace hostcuda

#define threadIdx (hostcuda::thread_index())
#define blockIdx (hostcuda::block_index())
#define blockDim (hostcuda::block_extent())
#define gridDim (hostcuda::grid_extent())
