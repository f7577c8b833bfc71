// Copy-on-write: whole pages of the cache, in every layer. A thread owns the same 16 bytes of every page of a layer and performs all
// copies of the pass on them, so a copy may read what an earlier one wrote without any synchronisation.
#include "common/pass.cuh"

constexpr i32 COPY_THREADS = 256;
constexpr i32 COPIES_AT_ONCE = 4; // loads in flight

// Whether a copy of the batch reads what an earlier one of it writes.
CS_DEVICE bool is_chained(const PassCopy* copies) {
    bool chained = false;
#pragma unroll
    for (i32 later = 1; later < COPIES_AT_ONCE; later++)
#pragma unroll
        for (i32 earlier = 0; earlier < later; earlier++) chained |= copies[later].source == copies[earlier].destination;
    return chained;
}

CS_KERNEL_BOUNDS(copy_pages, COPY_THREADS, 1)(const i32* pass, u8* cache, u64 layer_stride, i32 page_bytes, i32 layers) {
    await_predecessor();
    i32 count = pass[PASS_COPIES], layer = blockIdx.y;
    i64 piece = ((i64)blockIdx.x * COPY_THREADS + threadIdx.x) * 16;
    if (count == 0 || layer >= layers || piece >= page_bytes) return;
    const PassCopy* copies = pass_section<PassCopy>(pass, PASS_COPY_LIST);
    u8* mine = cache + layer * layer_stride + piece;
    auto at = [&](i32 page) { return mine + (i64)page * page_bytes; };

    i32 done = 0;
    while (done < count) {
        const PassCopy* next = copies + done;
        if (count - done < COPIES_AT_ONCE || is_chained(next)) {
            st16(at(next->destination), ld16(at(next->source)));
            done++;
            continue;
        }
        uint4 pieces[COPIES_AT_ONCE];
#pragma unroll
        for (i32 i = 0; i < COPIES_AT_ONCE; i++) pieces[i] = ld16(at(next[i].source));
#pragma unroll
        for (i32 i = 0; i < COPIES_AT_ONCE; i++) st16(at(next[i].destination), pieces[i]);
        done += COPIES_AT_ONCE;
    }
}
CS_EXPORT(copy_pages)

// Launch: grid (ceil(page_bytes / 16 / COPY_THREADS), layers), COPY_THREADS threads; without copies it returns at once.
//   pass          the copies, in order
//   cache         the first layer's pages; layers lie layer_stride bytes apart
//   page_bytes    of one page in one layer, keys and values of all heads, whatever they are kept in: a multiple of 16
