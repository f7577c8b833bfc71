// What tests can ask of the host device beyond the driver's own API: exported C functions of libcuda-host.so.
#pragma once

#include <stdint.h>

// Counters since the library was loaded. Fields are only ever added at the end.
struct hostcuda_counters {
    uint64_t launches;           // kernel launches asked for outside of a capture
    uint64_t graph_launches;     // graph launches asked for
    uint64_t kernels_run;        // kernels executed, in and outside of graphs
    uint64_t device_allocations; // successful allocations of device memory
    uint64_t host_allocations;   // successful allocations of page-locked memory
    uint64_t copies;             // copies asked for outside of a capture
    uint64_t copies_run;         // copies executed, in and outside of graphs
    uint64_t synchronizations;   // waits of the host: stream, event, context, and the implicit ones of blocking copies and frees
    uint64_t modules_loaded;
    uint64_t live_device_allocations; // now
    uint64_t live_device_bytes;       // now
    uint64_t live_host_allocations;   // now
    uint64_t dependent_kernels_run; // kernels executed that were allowed to start before the kernel before them had ended
    uint64_t overlapping_graph_launches; // graph launches asked for while another stream had a graph that was not done
};

extern "C" {

// The schedule from now on: 0 = in order, anything else = streams, blocks and threads shuffled from this seed.
void hostcuda_set_schedule(uint64_t seed);

// The report of the last failure on the device (what, kernel, block, thread, file:line), or of the leaks found when the context was
// released last; empty when there was none since the last reset. The text belongs to the calling thread and lives until its next call.
const char* hostcuda_last_report(void);

// From now on this many bytes of device memory are free, as if another process held the rest. UINT64_MAX: the process is gone again.
void hostcuda_set_memory(uint64_t free_bytes);

// Device memory faults when the host touches it directly (1) or does not (0).
void hostcuda_set_protection(int on);

// Once `after` more calls of an entry point ("cuMemAlloc" also means cuMemAlloc_v2) went their way, the next one fails with `result` and
// does nothing. Results that stand for a device fault stick, as a real fault's do. A null call forgets all planned failures.
// Returns 0, or 1 when there is no such entry point.
int hostcuda_fail_next(const char* call, int result, uint64_t after);

// Fills the first `bytes` bytes of a hostcuda_counters.
void hostcuda_statistics(struct hostcuda_counters* counters, uint64_t bytes);

// The NVTX ranges that the calling thread began and ended since its last call, such as "pass{}". The text lives until its next call.
const char* hostcuda_ranges(void);
}
