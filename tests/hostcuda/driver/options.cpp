#include "options.h"

#include <cstdlib>
#include <cstring>
#include <thread>

namespace hostcuda::driver {

static bool read_number(const char* name, uint64_t& value) {
    const char* text = getenv(name);
    if (!text || !*text) return false;
    value = strtoull(text, nullptr, 10);
    return true;
}

static bool is_on(const char* name) {
    const char* text = getenv(name);
    return text && *text && strcmp(text, "0") != 0;
}

Options Options::from_environment() {
    Options options;
    uint64_t number;
    unsigned cores = std::thread::hardware_concurrency();
    if (cores) options.workers = cores;
    if (read_number("HOSTCUDA_SEED", number)) options.seed = number;
    if (read_number("HOSTCUDA_WORKERS", number) && number) options.workers = static_cast<uint32_t>(number);
    if (read_number("HOSTCUDA_MEMORY", number) && number) options.memory = number;
    options.log = is_on("HOSTCUDA_LOG");
    options.protect = is_on("HOSTCUDA_PROTECT");
    return options;
}

}
