// Failures: a text that names what happened, kernel, block, thread and source line, and the way out of the block.
#pragma once
#include "worker.h"

namespace hostcuda {

// "kernels/linear.cu:12", or nothing where the place is not known.
std::string place_of(Where where);

// As fail(), for an instruction address instead of a Where.
[[noreturn]] void fail_at(const void* pc, const char* format, ...) __attribute__((format(printf, 2, 3)));

// Every lane waits or has exited: tells who waits where.
[[noreturn]] void fail_deadlock(Worker& w);

} // namespace hostcuda
