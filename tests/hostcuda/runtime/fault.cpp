#include "fault.h"
#include "report.h"
#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>

namespace hostcuda {

#if HOSTCUDA_ASAN // it has handlers and stacks of its own

void catch_faults() {}
FaultStack::FaultStack() {}
FaultStack::~FaultStack() {}

#else

constexpr size_t fault_stack_size = 64 << 10;

static struct sigaction previous_segv, previous_bus;

// Runs on the fiber's own stack, as if the faulting instruction had called it.
[[noreturn]] static void landed(const void* pc, const void* address) {
    Lane& me = *current;
    u64 below = (u64)((char*)address - me.stack);
    if (below < guard_size) fail_at(pc, "stack overflow: a thread's stack has %zu KiB", (stack_size - guard_size) >> 10);
    fail_at(pc, "memory fault at %p", address);
}

static void on_fault(int signal, siginfo_t* info, void* context) {
    Lane* me = current;
    if (me && me->warp) {
        // Go on in landed(): the report and the switch need locks and memory, which a signal handler must not touch. The top of the stack
        // is used because the fault may be an overflow of it; nothing returns into the frames that are overwritten.
        auto* registers = ((ucontext_t*)context)->uc_mcontext.gregs;
        registers[REG_RDI] = registers[REG_RIP] + 1; // looked up as a return address
        registers[REG_RSI] = (greg_t)info->si_addr;
        registers[REG_RSP] = (greg_t)(me->stack + me->stack_bytes - 64 - 8);
        registers[REG_RIP] = (greg_t)&landed;
        return;
    }
    const struct sigaction& previous = signal == SIGSEGV ? previous_segv : previous_bus;
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(signal, info, context);
    } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(signal);
    } else {
        sigaction(signal, &previous, nullptr); // the instruction faults again, for good
    }
}

void catch_faults() {
    static bool installed = [] {
        struct sigaction action = {};
        action.sa_sigaction = on_fault;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
        sigemptyset(&action.sa_mask);
        return !sigaction(SIGSEGV, &action, &previous_segv) && !sigaction(SIGBUS, &action, &previous_bus);
    }();
    (void)installed;
}

FaultStack::FaultStack() {
    stack_t have;
    if (sigaltstack(nullptr, &have) || !(have.ss_flags & SS_DISABLE)) return;
    _memory = malloc(fault_stack_size);
    stack_t mine = {};
    mine.ss_sp = _memory;
    mine.ss_size = fault_stack_size;
    sigaltstack(&mine, nullptr);
}

FaultStack::~FaultStack() {
    if (!_memory) return;
    stack_t off = {};
    off.ss_flags = SS_DISABLE;
    sigaltstack(&off, nullptr);
    free(_memory);
}

#endif

} // namespace hostcuda
