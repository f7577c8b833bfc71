// Switching between the fibers of a block: 20 lines of assembly for x86-64 (fiber.cpp), and AddressSanitizer told about it.
#pragma once
#include <hostcuda/lane.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define HOSTCUDA_ASAN 1
#else
#define HOSTCUDA_ASAN 0
#endif

namespace hostcuda {

// Instrumented frames are several times as large. The lowest page of a stack is its guard.
constexpr size_t stack_size = (HOSTCUDA_ASAN ? 256 : 64) << 10;
constexpr size_t guard_size = 4096;

extern "C" {
// Parks the caller on its own stack and resumes a parked fiber. Its `ret` returns to the address the other one called from, which keeps
// the processor's return predictor in step: all fibers park at the same depth.
void hostcuda_switch(void** save, void* resume);
// Parks the caller and enters a fresh stack by `jmp`: a `ret` would be mispredicted every time.
void hostcuda_start(void** save, void* stack);
// Where a fresh fiber begins; never returns.
[[noreturn]] void hostcuda_fiber_entry();
}

// Goes from the running fiber to another one; returns when somebody switches back. `ends`: nobody will.
inline void switch_fiber(Lane& from, Lane& to, bool ends = false) {
    current = &to;
#if HOSTCUDA_ASAN
    __sanitizer_start_switch_fiber(ends ? nullptr : &from.fake_stack, to.stack, to.stack_bytes);
#else
    (void)ends;
#endif
    if (__builtin_expect(to.started, 1)) {
        hostcuda_switch(&from.stack_pointer, to.stack_pointer);
    } else {
        to.started = true;
        hostcuda_start(&from.stack_pointer, to.stack_pointer);
    }
#if HOSTCUDA_ASAN
    __sanitizer_finish_switch_fiber(from.fake_stack, nullptr, nullptr);
#endif
}

} // namespace hostcuda
