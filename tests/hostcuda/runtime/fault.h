// Memory faults in a kernel (a null, wild or host pointer in the plain flavour) become reports instead of the end of the process.
#pragma once

namespace hostcuda {

// Takes SIGSEGV and SIGBUS over, once; faults outside kernels go to whoever had them before. Not in the AddressSanitizer flavour.
void catch_faults();

// A stack for the handler on threads that have none: a fiber that ran off its own stack has no room for it.
class FaultStack {
public:
    FaultStack();
    ~FaultStack();
    FaultStack(const FaultStack&) = delete;
    FaultStack& operator=(const FaultStack&) = delete;

private:
    void* _memory = nullptr;
};

} // namespace hostcuda
