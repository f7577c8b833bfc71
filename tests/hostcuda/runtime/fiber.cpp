#include "fiber.h"

namespace hostcuda {

// Saves the registers a C++ function must keep, the stack pointer last: everything else is dead at a call.
#define SAVE_AND_LEAVE                                                                                                                     \
    "    pushq %rbp\n"                                                                                                                     \
    "    pushq %rbx\n"                                                                                                                     \
    "    pushq %r12\n"                                                                                                                     \
    "    pushq %r13\n"                                                                                                                     \
    "    pushq %r14\n"                                                                                                                     \
    "    pushq %r15\n"                                                                                                                     \
    "    movq %rsp, (%rdi)\n"                                                                                                              \
    "    movq %rsi, %rsp\n"

asm(".text\n"
    ".globl hostcuda_switch\n"
    ".hidden hostcuda_switch\n"
    ".type hostcuda_switch, @function\n"
    "hostcuda_switch:\n" SAVE_AND_LEAVE
    "    popq %r15\n"
    "    popq %r14\n"
    "    popq %r13\n"
    "    popq %r12\n"
    "    popq %rbx\n"
    "    popq %rbp\n"
    "    ret\n"
    ".size hostcuda_switch, .-hostcuda_switch\n"
    ".globl hostcuda_start\n"
    ".hidden hostcuda_start\n"
    ".type hostcuda_start, @function\n"
    "hostcuda_start:\n" SAVE_AND_LEAVE
    "    xorl %ebp, %ebp\n" // the outermost frame, for debuggers
    "    jmp hostcuda_fiber_entry\n"
    ".size hostcuda_start, .-hostcuda_start\n");

} // namespace hostcuda
