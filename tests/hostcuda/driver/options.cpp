#include "options.h"

#include <cstdlib>
#include <cstring>
#include <sstream>
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

static std::vector<Options::Failure> read_failures() {
    std::vector<Options::Failure> failures;
    const char* text = getenv("HOSTCUDA_FAIL");
    std::istringstream entries(text ? text : "");
    for (std::string entry; std::getline(entries, entry, ',');) {
        std::istringstream fields(entry);
        Options::Failure failure{};
        char colon;
        std::getline(fields, failure.call, ':');
        fields >> failure.result >> colon >> failure.after; // `after` may be missing: at once
        failures.push_back(failure);
    }
    return failures;
}

Options Options::from_environment() {
    Options options;
    uint64_t number;
    unsigned cores = std::thread::hardware_concurrency();
    if (cores) options.workers = cores;
    if (read_number("HOSTCUDA_SEED", number)) options.seed = number;
    if (read_number("HOSTCUDA_WORKERS", number) && number) options.workers = static_cast<uint32_t>(number);
    if (read_number("HOSTCUDA_MEMORY", number) && number) options.memory = number;
    if (read_number("HOSTCUDA_DEVICES", number)) options.devices = number ? 1 : 0;
    if (read_number("HOSTCUDA_DRIVER_VERSION", number)) options.driver_version = static_cast<int>(number);
    options.failures = read_failures();
    options.log = is_on("HOSTCUDA_LOG");
    options.protect = is_on("HOSTCUDA_PROTECT");
    return options;
}

}
