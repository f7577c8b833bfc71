// The library's own exported entry points, by name.
#pragma once

#include <string>

namespace hostcuda::driver {

struct EntryPoint {
    std::string name; // with its version, as exported
    void* address;    // null where there is none
};

// `name` as exported, or without its version: the newest version is found then.
EntryPoint find_entry_point(const char* name);

}
