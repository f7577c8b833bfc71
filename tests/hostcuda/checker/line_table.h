// Reads .debug_line (DWARF 5, as g++ 11 and clang 14 and later write it): just enough to turn an address into file:line.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string>

namespace hostcuda {

struct Bytes {
    const unsigned char* data = nullptr;
    size_t size = 0;
};

struct LineSections {
    Bytes lines, line_strings, strings; // .debug_line, .debug_line_str, .debug_str
};

// "file:line" of the row that covers an address of the module, or nothing.
std::string find_line(const LineSections& sections, uint64_t address);

} // namespace hostcuda
