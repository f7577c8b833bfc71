// device.cuh - the words kernels are written in, for three compilers:
//
//   nvcc / NVRTC      CUDA's own built-ins, plus the helpers below
//   clang -x cuda     without a CUDA SDK (-nocudainc -nocudalib): nothing is built in, everything is here
//   g++ / clang++     the host device of the tests: <hostcuda/device.h> gives every word a meaning on the CPU
//
// This is the only file with inline assembly or compiler knowledge. A .cu file uses these words and plain C++ (no standard headers,
// no expf/sinf/logf: there is no libdevice) and so runs unchanged on all three.
#pragma once

#if defined(__CUDACC__) && !defined(__clang__)
#define CS_NVCC 1
#elif defined(__CUDA__) && defined(__clang__)
#define CS_CLANG 1
#else
#define CS_HOST 1
#endif

#if defined(CS_HOST)
#include <hostcuda/device.h>
#else

// ---- Types -------------------------------------------------------------------------------------------------------------------------
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef long long i64;

struct bf16 {
    u16 bits; // the upper half of a float32
};
struct e4m3 { // see e4m3.cuh
    u8 bits;
};

#if defined(CS_CLANG)
typedef __SIZE_TYPE__ size_t;
#define __host__ __attribute__((host))
#define __device__ __attribute__((device))
#define __global__ __attribute__((global))
#define __shared__ __attribute__((shared))
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))
#define __forceinline__ inline __attribute__((always_inline))
struct __align__(8) uint2 { u32 x, y; };
struct __align__(16) uint4 { u32 x, y, z, w; };
struct __align__(8) float2 { float x, y; };
struct __align__(16) float4 { float x, y, z, w; };
#endif

// ---- Kernels, functions, shared memory ---------------------------------------------------------------------------------------------
#define CS_DEVICE static __device__ __forceinline__
// CS_KERNEL(name)(parameters) { body } CS_EXPORT(name)
#define CS_KERNEL(name) extern "C" __global__ void name
// threads: the most a block may have; min_blocks: blocks that must fit on a multiprocessor at once
#define CS_KERNEL_BOUNDS(name, threads, min_blocks) extern "C" __global__ void __launch_bounds__(threads, min_blocks) name
#define CS_EXPORT(name) // the host device registers the kernel here
// dims are C array bounds, e.g. CS_SHARED(float, part, [4][32]); aligned for 16-byte accesses whatever T is
#define CS_SHARED(T, name, dims) __shared__ __align__(16) T name dims
#define CS_DYNAMIC_SHARED(T, name)                                                                                                         \
    extern __shared__ __align__(1024) u8 cs_dynamic_shared[];                                                                              \
    T* name = (T*)cs_dynamic_shared

// ---- What clang does not bring: indices, barriers, shuffles, votes, atomics, a little arithmetic ----------------------------------
#if defined(CS_CLANG)
#define CS_INDEX_TYPE(type, name, sreg)                                                                                                    \
    struct type {                                                                                                                          \
        static __device__ __forceinline__ u32 get_x() { return __nvvm_read_ptx_sreg_##sreg##_x(); }                                        \
        static __device__ __forceinline__ u32 get_y() { return __nvvm_read_ptx_sreg_##sreg##_y(); }                                        \
        static __device__ __forceinline__ u32 get_z() { return __nvvm_read_ptx_sreg_##sreg##_z(); }                                        \
        __declspec(property(get = get_x)) u32 x;                                                                                           \
        __declspec(property(get = get_y)) u32 y;                                                                                           \
        __declspec(property(get = get_z)) u32 z;                                                                                           \
    };                                                                                                                                     \
    extern const __device__ __attribute__((weak)) type name;
CS_INDEX_TYPE(cs_thread_index, threadIdx, tid)
CS_INDEX_TYPE(cs_block_index, blockIdx, ctaid)
CS_INDEX_TYPE(cs_block_extent, blockDim, ntid)
CS_INDEX_TYPE(cs_grid_extent, gridDim, nctaid)

CS_DEVICE float __uint_as_float(u32 v) { return __builtin_bit_cast(float, v); }
CS_DEVICE u32 __float_as_uint(float v) { return __builtin_bit_cast(u32, v); }
CS_DEVICE float fmaxf(float a, float b) { return __builtin_fmaxf(a, b); }
CS_DEVICE float fminf(float a, float b) { return __builtin_fminf(a, b); }
CS_DEVICE float fmaf(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
CS_DEVICE float rsqrtf(float v) {
    float r;
    asm("rsqrt.approx.f32 %0, %1;" : "=f"(r) : "f"(v));
    return r;
}
CS_DEVICE u32 __umulhi(u32 a, u32 b) { return (u32)(((u64)a * b) >> 32); }

// __syncthreads is clang's own built-in
CS_DEVICE void __syncwarp(u32 mask = 0xffffffffu) { __nvvm_bar_warp_sync(mask); }
CS_DEVICE void __threadfence() { __nvvm_membar_gl(); }

// the last operand packs the segment mask (32 - width) and the clamp lane
#define CS_SHUFFLE(name, mode, clamp)                                                                                                      \
    CS_DEVICE i32 name(u32 mask, i32 v, i32 lane, i32 width = 32) {                                                                        \
        return __nvvm_shfl_sync_##mode##_i32(mask, v, lane, ((32 - width) << 8) | clamp);                                                  \
    }                                                                                                                                      \
    CS_DEVICE u32 name(u32 mask, u32 v, i32 lane, i32 width = 32) { return (u32)name(mask, (i32)v, lane, width); }                         \
    CS_DEVICE float name(u32 mask, float v, i32 lane, i32 width = 32) {                                                                    \
        return __nvvm_shfl_sync_##mode##_f32(mask, v, lane, ((32 - width) << 8) | clamp);                                                  \
    }
CS_SHUFFLE(__shfl_sync, idx, 0x1f)
CS_SHUFFLE(__shfl_xor_sync, bfly, 0x1f)
CS_SHUFFLE(__shfl_down_sync, down, 0x1f)
CS_SHUFFLE(__shfl_up_sync, up, 0)
CS_DEVICE u32 __ballot_sync(u32 mask, i32 predicate) { return __nvvm_vote_ballot_sync(mask, predicate); }
CS_DEVICE i32 __any_sync(u32 mask, i32 predicate) { return __nvvm_vote_any_sync(mask, predicate); }
CS_DEVICE i32 __all_sync(u32 mask, i32 predicate) { return __nvvm_vote_all_sync(mask, predicate); }

CS_DEVICE i32 atomicAdd(i32* p, i32 v) { return __nvvm_atom_add_gen_i(p, v); }
CS_DEVICE u32 atomicAdd(u32* p, u32 v) { return (u32)__nvvm_atom_add_gen_i((i32*)p, (i32)v); }
CS_DEVICE u64 atomicAdd(u64* p, u64 v) { return (u64)__nvvm_atom_add_gen_ll((i64*)p, (i64)v); }
CS_DEVICE float atomicAdd(float* p, float v) { return __nvvm_atom_add_gen_f(p, v); }
CS_DEVICE i32 atomicMax(i32* p, i32 v) { return __nvvm_atom_max_gen_i(p, v); }
CS_DEVICE u32 atomicMax(u32* p, u32 v) { return __nvvm_atom_max_gen_ui(p, v); }
CS_DEVICE u64 atomicMax(u64* p, u64 v) { return __nvvm_atom_max_gen_ull(p, v); }
CS_DEVICE i32 atomicMin(i32* p, i32 v) { return __nvvm_atom_min_gen_i(p, v); }
CS_DEVICE u32 atomicMin(u32* p, u32 v) { return __nvvm_atom_min_gen_ui(p, v); }
CS_DEVICE i32 atomicExch(i32* p, i32 v) { return __nvvm_atom_xchg_gen_i(p, v); }
CS_DEVICE i32 atomicCAS(i32* p, i32 expected, i32 v) { return __nvvm_atom_cas_gen_i(p, expected, v); }
#endif // CS_CLANG

// ---- Arithmetic --------------------------------------------------------------------------------------------------------------------
CS_DEVICE u32 umulhi(u32 a, u32 b) { return __umulhi(a, b); }
CS_DEVICE float fast_exp2(float v) { // 2^v, about 2 ulp; subnormal results are 0
    float r;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(v));
    return r;
}
CS_DEVICE float fast_log2(float v) { // about 1 ulp; subnormal arguments count as 0
    float r;
    asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(v));
    return r;
}

// ---- bf16 --------------------------------------------------------------------------------------------------------------------------
CS_DEVICE float bf16_to_f32(bf16 v) { return __uint_as_float((u32)v.bits << 16); }
CS_DEVICE float bf16lo(u32 pair) { return __uint_as_float(pair << 16); }
CS_DEVICE float bf16hi(u32 pair) { return __uint_as_float(pair & 0xffff0000u); }
CS_DEVICE bf16 f32_to_bf16(float v) { // round to nearest even
    bf16 r;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(r.bits) : "f"(v));
    return r;
}
CS_DEVICE u32 pack_bf16x2(float lo, float hi) {
    u32 r;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(hi), "f"(lo));
    return r;
}

// the halves of a times the halves of b, rounded to nearest even; subnormal operands count. (mul.bf16x2 itself wants sm_90.)
CS_DEVICE u32 mul_bf16x2(u32 a, u32 b) {
    u32 r;
    asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(r) : "r"(a), "r"(b), "r"(0x80008000u));
    return r;
}

// ---- Memory ------------------------------------------------------------------------------------------------------------------------
CS_DEVICE u32 shared_address(const void* p) { // in the shared window, as asm operands want it
#if defined(CS_NVCC)
    return (u32)__cvta_generic_to_shared(p);
#else
    return (u32)(u64)(__attribute__((address_space(3))) const void*)p;
#endif
}
// 16 bytes of global memory that nothing writes while a pass runs (weights): read-only path, not kept in L1. Not for what another kernel of
// the pass writes: the compiler may move the load up, before the wait for that kernel.
CS_DEVICE uint4 ldg16(const void* p) {
    uint4 r;
    asm("ld.global.nc.L1::no_allocate.v4.u32 {%0,%1,%2,%3}, [%4];" : "=r"(r.x), "=r"(r.y), "=r"(r.z), "=r"(r.w) : "l"(p));
    return r;
}
// 16 bytes of global or shared memory that this kernel may also write
#if defined(CS_CLANG)
typedef uint4 __attribute__((may_alias)) cs_uint4; // the memory may hold elements of any type
#else
typedef uint4 cs_uint4;
#endif
CS_DEVICE uint4 ld16(const void* p) { return *(const cs_uint4*)p; }
CS_DEVICE void st16(void* p, uint4 v) { *(cs_uint4*)p = v; }
// a 32-bit value another block may have written: never from a register or a stale cache line
template <class T> CS_DEVICE T ld_volatile(const T* p) {
    static_assert(sizeof(T) == 4, "32-bit types");
    return *(const volatile T*)p;
}
CS_DEVICE void threadfence() { __threadfence(); }

// ---- Reductions inside a warp: xor butterflies, so every lane gets the same bits -------------------------------------------------
CS_DEVICE float cs_max(float a, float b) { return fmaxf(a, b); }
CS_DEVICE i32 cs_max(i32 a, i32 b) { return a > b ? a : b; }
CS_DEVICE u32 cs_max(u32 a, u32 b) { return a > b ? a : b; }
// over the aligned group of W lanes (a power of two) the lane is in; all 32 lanes take part
template <int W, class T> CS_DEVICE T group_sum(T v) {
#pragma unroll
    for (int o = W / 2; o; o >>= 1) v += __shfl_xor_sync(0xffffffffu, v, o);
    return v;
}
template <int W, class T> CS_DEVICE T group_max(T v) {
#pragma unroll
    for (int o = W / 2; o; o >>= 1) v = cs_max(v, __shfl_xor_sync(0xffffffffu, v, o));
    return v;
}
template <class T> CS_DEVICE T warp_sum(T v) { return group_sum<32>(v); }
template <class T> CS_DEVICE T warp_max(T v) { return group_max<32>(v); }

// ---- Matrix fragments: 8x8 tiles of 16-bit elements out of shared memory ---------------------------------------------------------
// lane l gives the address of a 16-byte row: row l % 8 of tile l / 8 (x2: lanes 0-15, x1: lanes 0-7); the lane receives elements
// (l / 4, 2 (l % 4) .. +1) of each tile, or of its transpose
// SharedRow: the address as a number, for those whose bits change; exchanged columns differ from one another by an exclusive or.
struct SharedRow {
    u32 address;
};
CS_DEVICE SharedRow shared_row(const void* p) { return {shared_address(p)}; }
CS_DEVICE void ldmatrix_x4(u32 (&r)[4], SharedRow row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(row.address) : "memory");
}
CS_DEVICE void ldmatrix_x4_trans(u32 (&r)[4], SharedRow row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(row.address) : "memory");
}
CS_DEVICE void ldmatrix_x4(u32 (&r)[4], const void* row) { ldmatrix_x4(r, shared_row(row)); }
CS_DEVICE void ldmatrix_x4_trans(u32 (&r)[4], const void* row) { ldmatrix_x4_trans(r, shared_row(row)); }
CS_DEVICE void ldmatrix_x1(u32 (&r)[1], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];" : "=r"(r[0]) : "r"(shared_address(row)) : "memory");
}
CS_DEVICE void ldmatrix_x2(u32 (&r)[2], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1]) : "r"(shared_address(row)) : "memory");
}
CS_DEVICE void ldmatrix_x2_trans(u32 (&r)[2], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1]) : "r"(shared_address(row)) : "memory");
}

// as many tiles as there are registers
CS_DEVICE void ldmatrix(u32 (&r)[1], const void* row) { ldmatrix_x1(r, row); }
CS_DEVICE void ldmatrix(u32 (&r)[2], const void* row) { ldmatrix_x2(r, row); }
CS_DEVICE void ldmatrix(u32 (&r)[4], const void* row) { ldmatrix_x4(r, row); }

// ---- Tensor cores: d[16, 8] += a[16, 16] b[16, 8], bf16 in, float32 accumulate ---------------------------------------------------
// with g = lane / 4 and t = 2 (lane % 4): a[q] holds row g + 8 (q & 1), columns t + 8 (q >> 1) .. +1; b0 rows t .. t + 1 and b1 rows
// t + 8 .. t + 9 of column g; d[q] row g + 8 (q >> 1), column t + (q & 1)
CS_DEVICE void mma_bf16_16816(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
// d[16 MT, 8 NT] += a[16 MT, 16] b[16, 8 NT]: one collective on the host device, so prefer it to loops of single products
template <int MT, int NT> CS_DEVICE void mma_tile(float (&d)[MT][NT][4], const u32 (&a)[MT][4], const u32 (&b)[NT][2]) {
#pragma unroll
    for (int i = 0; i < MT; i++)
#pragma unroll
        for (int j = 0; j < NT; j++) mma_bf16_16816(d[i][j], a[i], b[j][0], b[j][1]);
}

// ---- Asynchronous copies, global to shared, 16 bytes a thread --------------------------------------------------------------------
// predicate false: the 16 bytes become zero and `global` is not read
CS_DEVICE void cp_async16(void* shared, const void* global, bool predicate) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
                 :: "r"(shared_address(shared)), "l"(global), "r"(predicate ? 16 : 0) : "memory");
}
CS_DEVICE void cp_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// until at most N of this thread's groups are in flight; other threads' copies need a barrier after it
template <int N> CS_DEVICE void cp_async_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory"); }

// ---- Programmatic dependent launch (sm_90; elsewhere no kernel starts early, and these are nothing): see predecessor.cuh -----------------
#if __CUDA_ARCH__ >= 900
#define CS_STARTS_EARLY true
#else
#define CS_STARTS_EARLY false
#endif
// until all kernels before this one have ended, and what they wrote is there to read
CS_DEVICE void griddep_wait() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}
// the next kernel may start once every block of this one has come here or ended
CS_DEVICE void griddep_launch_dependents() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

// ---- Hopper (sm_90a): mbarrier, TMA, wgmma, register budgets -----------------------------------------------------------------------
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define CS_HOPPER 1

struct __align__(64) TensorMap { // CUtensorMap, made by cuTensorMapEncodeTiled, passed to a kernel by value
    u64 opaque[16];
};

// A kernel takes `CS_PARAM_CONST TensorMap map` and hands CS_TMAP(kernel, index of the parameter, map) to tma_load_2d.
// clang 19 knows no __grid_constant__ and would copy the parameter to local memory, which TMA cannot read: there the address of the
// parameter is taken by the name it has in PTX.
#if defined(CS_NVCC)
#define CS_PARAM_CONST const __grid_constant__
#define CS_TMAP(kernel, index, name) (&name)
#else
#define CS_PARAM_CONST const
#define CS_TMAP(kernel, index, name)                                                                                                       \
    ([&]() -> const TensorMap* {                                                                                                           \
        u64 p;                                                                                                                             \
        asm("{ .reg .b64 t; mov.b64 t, " #kernel "_param_" #index "; cvta.param.u64 %0, t; }" : "=l"(p));                                  \
        return (const TensorMap*)p;                                                                                                        \
    }())
#endif

// ---- mbarrier: a 64-bit word in shared memory; a phase ends when all arrivals and all announced bytes are there ------------------
CS_DEVICE void mbar_init(u64* bar, u32 arrivals) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(bar)), "r"(arrivals) : "memory");
}
CS_DEVICE void mbar_fence_init() { asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory"); }
CS_DEVICE void fence_proxy_async() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }
CS_DEVICE void mbar_arrive(u64* bar) { asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(bar)) : "memory"); }
CS_DEVICE void mbar_arrive_expect_tx(u64* bar, u32 bytes) {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(bar)), "r"(bytes) : "memory");
}
CS_DEVICE bool mbar_try_wait(u64* bar, u32 parity) {
    u32 done;
    asm volatile("{ .reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2; selp.u32 %0, 1, 0, p; }"
                 : "=r"(done) : "r"(shared_address(bar)), "r"(parity) : "memory");
    return done;
}
// until the phase of this parity has ended (a fresh barrier is in phase 0: waiting for parity 1 returns at once)
CS_DEVICE void mbar_wait(u64* bar, u32 parity) {
    while (!mbar_try_wait(bar, parity)) {
    }
}

// ---- TMA: one thread copies a box of a tensor to shared memory; its bytes arrive at the barrier ----------------------------------
// x: element in a row, y: row; elements outside the tensor are zero
CS_DEVICE void tma_load_2d(void* shared, const TensorMap* map, i32 x, i32 y, u64* bar) {
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3}], [%4];"
                 :: "r"(shared_address(shared)), "l"(map), "r"(x), "r"(y), "r"(shared_address(bar)) : "memory");
}

// ---- Bulk copies without a map: `bytes` behind each other, a multiple of 16, both ends aligned to 16 --------------------------------
CS_DEVICE void bulk_load(void* shared, const void* global, u32 bytes, u64* bar) {
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];"
                 :: "r"(shared_address(shared)), "l"(global), "r"(bytes), "r"(shared_address(bar)) : "memory");
}

// ---- wgmma: products of a warpgroup (4 warps), operands in shared memory, complete only at wgmma_wait ----------------------------
// The whole warpgroup changes how many registers a thread of it may have, a multiple of 8.
template <int R> CS_DEVICE void setmaxnreg_inc() { asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(R)); }
template <int R> CS_DEVICE void setmaxnreg_dec() { asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(R)); }
// Before the first product, and before one whose accumulators anything else has touched.
CS_DEVICE void wgmma_fence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
CS_DEVICE void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
// until at most N groups are in flight
template <int N> CS_DEVICE void wgmma_wait() { asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory"); }
// Here the compiler has the accumulators in their registers: before a fence what was written to them, behind a wait what the product left. It
// knows nothing of products in flight, and might write late or read early.
template <int R> CS_DEVICE void wgmma_settle(float (&d)[R]) {
#pragma unroll
    for (int i = 0; i < R; i++) asm volatile("" : "+f"(d[i])::"memory");
}
// The same of left operands in registers: until behind the wait they are read, and nothing else may take their place.
template <int R> CS_DEVICE void wgmma_settle(u32 (&a)[R][4]) {
#pragma unroll
    for (int i = 0; i < 4 * R; i++) asm volatile("" ::"r"(a[i / 4][i % 4]) : "memory");
}

// K-major tile with 128-byte swizzle: rows of 64 bf16, groups of 8 rows 1024 bytes apart; + 2 k moves it by 16 k columns, + 512 i by 64 i
// rows
CS_DEVICE u64 wgmma_desc_k128(const void* shared) {
    u64 address = shared_address(shared);
    return ((address & 0x3ffff) >> 4) | (1ull << 16) | ((1024ull >> 4) << 32) | (1ull << 62);
}
// The same rows the other way round, MN-major: a row is 64 columns of one k. + 128 k moves it by 16 k rows; columns from 64 on are in further
// tiles, `bytes` behind each other.
CS_DEVICE u64 wgmma_desc_mn128(const void* shared, u32 bytes) {
    u64 address = shared_address(shared);
    return ((address & 0x3ffff) >> 4) | ((u64)(bytes >> 4) << 16) | ((1024ull >> 4) << 32) | (1ull << 62);
}

// d[64, N] = a[64, 16] b[N, 16]^T + (keep ? d : 0), for N of 8, 16, 32, 64, 128 and 256, twice the accumulators of a thread. Lane l of warp w
// holds rows 16 w + l / 4 + 8 h, columns 8 j + 2 (l % 4) + c in d[4 j + 2 h + c]
#define CS_LIST2(t, a, b) "%" #t #a ",%" #t #b
#define CS_LIST10(t) CS_LIST2(t, 0, 1) "," CS_LIST2(t, 2, 3) "," CS_LIST2(t, 4, 5) "," CS_LIST2(t, 6, 7) "," CS_LIST2(t, 8, 9)
#define CS_LIST4 CS_LIST2(, 0, 1) "," CS_LIST2(, 2, 3)
#define CS_LIST8 CS_LIST4 "," CS_LIST2(, 4, 5) "," CS_LIST2(, 6, 7)
#define CS_LIST16 CS_LIST10() "," CS_LIST2(1, 0, 1) "," CS_LIST2(1, 2, 3) "," CS_LIST2(1, 4, 5)
#define CS_LIST32 CS_LIST10() "," CS_LIST10(1) "," CS_LIST10(2) "," CS_LIST2(3, 0, 1)
#define CS_LIST64 CS_LIST10() "," CS_LIST10(1) "," CS_LIST10(2) "," CS_LIST10(3) "," CS_LIST10(4) "," CS_LIST10(5) ","                     \
                  CS_LIST2(6, 0, 1) "," CS_LIST2(6, 2, 3)
#define CS_LIST128 CS_LIST10() "," CS_LIST10(1) "," CS_LIST10(2) "," CS_LIST10(3) "," CS_LIST10(4) "," CS_LIST10(5) "," CS_LIST10(6) ","   \
                   CS_LIST10(7) "," CS_LIST10(8) "," CS_LIST10(9) "," CS_LIST10(10) "," CS_LIST10(11) ","                                 \
                   CS_LIST2(12, 0, 1) "," CS_LIST2(12, 2, 3) "," CS_LIST2(12, 4, 5) "," CS_LIST2(12, 6, 7)
#define CS_ACC4(d, i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define CS_ACC8(d, i) CS_ACC4(d, i), CS_ACC4(d, i + 4)
#define CS_ACC16(d, i) CS_ACC8(d, i), CS_ACC8(d, i + 8)
#define CS_ACC32(d, i) CS_ACC16(d, i), CS_ACC16(d, i + 16)
#define CS_ACC64(d, i) CS_ACC32(d, i), CS_ACC32(d, i + 32)
#define CS_ACC128(d, i) CS_ACC64(d, i), CS_ACC64(d, i + 64)
// a, b, p: the numbers of the operands behind the R accumulators
#define CS_WGMMA(N, R, a_number, b_number, p_number)                                                                                       \
    CS_DEVICE void wgmma_k16(float (&d)[R], u64 a, u64 b, i32 keep) {                                                                      \
        asm volatile("{ .reg .pred p; setp.ne.b32 p, %" #p_number ", 0;\n"                                                                 \
                     "wgmma.mma_async.sync.aligned.m64n" #N "k16.f32.bf16.bf16 {" CS_LIST##R "}, %" #a_number ", %" #b_number              \
                     ", p, 1, 1, 0, 0; }"                                                                                                  \
                     : CS_ACC##R(d, 0) : "l"(a), "l"(b), "r"(keep));                                                                       \
    }
CS_WGMMA(8, 4, 4, 5, 6)
CS_WGMMA(16, 8, 8, 9, 10)
CS_WGMMA(32, 16, 16, 17, 18)
CS_WGMMA(64, 32, 32, 33, 34)
CS_WGMMA(128, 64, 64, 65, 66)
CS_WGMMA(256, 128, 128, 129, 130)

// d[64, N] = a[64, 16] b[16, N] + (keep ? d : 0), for N of 64 and 128: a in registers, of which a warp holds its 16 rows as mma_bf16_16816 has
// them, b MN-major.
#define CS_WGMMA_MN(N, R, a0, a1, a2, a3, b_number, p_number)                                                                              \
    CS_DEVICE void wgmma_k16_mn(float (&d)[R], const u32 (&a)[4], u64 b, i32 keep) {                                                       \
        asm volatile("{ .reg .pred p; setp.ne.b32 p, %" #p_number ", 0;\n"                                                                 \
                     "wgmma.mma_async.sync.aligned.m64n" #N "k16.f32.bf16.bf16 {" CS_LIST##R "}, {%" #a0 ",%" #a1 ",%" #a2 ",%" #a3 "}, %" \
                     #b_number ", p, 1, 1, 1; }"                                                                                           \
                     : CS_ACC##R(d, 0) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(keep));                                   \
    }
CS_WGMMA_MN(64, 32, 32, 33, 34, 35, 36, 37)
CS_WGMMA_MN(128, 64, 64, 65, 66, 67, 68, 69)
#endif // CS_HOPPER

#endif // !CS_HOST
