// Declares kernels and gathers them into the table a module exports.
#pragma once
#include "lane.h"
#include "module.h"
#include <utility>

#define CS_DEVICE static inline __attribute__((always_inline))
// Out of line, so that the instructions of the body have its lines and not those of the call below.
#define CS_KERNEL(name)                                                                                                                    \
    static constexpr u32 cs_max_threads_##name = 1024, cs_min_blocks_##name = 0;                                                           \
    static __attribute__((noinline)) void name
#define CS_KERNEL_BOUNDS(name, threads, min_blocks)                                                                                        \
    static constexpr u32 cs_max_threads_##name = threads, cs_min_blocks_##name = min_blocks;                                               \
    static __attribute__((noinline)) void name

namespace hostcuda {

// Parameter sizes and a call through argument pointers, from a kernel's type.
template <class Function> struct Signature;
template <class... P> struct Signature<void (*)(P...)> {
    static constexpr u32 count = sizeof...(P);
    static constexpr uint32_t sizes[count + 1] = {(uint32_t)sizeof(P)..., 0};
    static constexpr uint32_t alignments[count + 1] = {(uint32_t)alignof(P)..., 0};

    // Not instrumented: the argument copies belong to the runtime, the kernel's own copies to its stack.
    template <void (*kernel)(P...), size_t... I>
    __attribute__((no_sanitize("thread"))) static void call(void* const* arguments, std::index_sequence<I...>) {
        kernel(*(std::remove_const_t<P>*)arguments[I]...);
    }
    template <void (*kernel)(P...)> __attribute__((no_sanitize("thread"))) static void run(void* const* arguments) {
        call<kernel>(arguments, std::index_sequence_for<P...>{});
    }
};

} // namespace hostcuda

// A pointer to the kernel's entry goes into an ELF section; the linker gives its bounds the __start_/__stop_ names.
#define CS_EXPORT(name)                                                                                                                    \
    static const hostcuda::Kernel cs_kernel_##name = {#name,                                                                               \
                                                      &hostcuda::Signature<decltype(&name)>::run<&name>,                                   \
                                                      hostcuda::Signature<decltype(&name)>::count,                                         \
                                                      hostcuda::Signature<decltype(&name)>::sizes,                                         \
                                                      hostcuda::Signature<decltype(&name)>::alignments,                                    \
                                                      cs_max_threads_##name,                                                               \
                                                      cs_min_blocks_##name,                                                                \
                                                      __FILE__,                                                                            \
                                                      __LINE__};                                                                           \
    __attribute__((section("hostcuda_kernels"), used)) static const hostcuda::Kernel* const cs_entry_##name = &cs_kernel_##name;

extern "C" {
extern const hostcuda::Kernel* const __start_hostcuda_kernels[] __attribute__((visibility("hidden")));
extern const hostcuda::Kernel* const __stop_hostcuda_kernels[] __attribute__((visibility("hidden")));

// Weak rather than inline: the table of an exported inline function would be one for the whole process, whichever module came first.
__attribute__((visibility("default"), weak, no_sanitize("thread"))) const hostcuda::Module* hostcuda_module() {
#if HOSTCUDA_CHECKER
    constexpr hostcuda::Flavour flavour = hostcuda::Flavour::checker;
#elif defined(__SANITIZE_ADDRESS__)
    constexpr hostcuda::Flavour flavour = hostcuda::Flavour::asan;
#else
    constexpr hostcuda::Flavour flavour = hostcuda::Flavour::plain;
#endif
    static const hostcuda::Module table = {hostcuda::module_abi, flavour, (uint32_t)(__stop_hostcuda_kernels - __start_hostcuda_kernels),
                                           __start_hostcuda_kernels};
    return &table;
}
}
