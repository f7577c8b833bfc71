// The source line of an instruction, from the DWARF line table of the module it lies in. Only failures ask.
#pragma once
#include <string>

namespace hostcuda {

// "kernels/rmsnorm.cu:22" for a return address, or "module+0x1234" where the module has no line for it.
std::string source_line(const void* return_address);

// A compiler's path without the way up out of its build folder: "tests/hostcuda/planted/warps.cu" for "../../../tests/hostcuda/…".
std::string without_way_up(std::string path);

} // namespace hostcuda
