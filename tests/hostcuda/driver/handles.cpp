#include "handles.h"

namespace hostcuda::driver {

uintptr_t next_handle_value() {
    static uintptr_t last = 0x10000; // above the driver's special stream handles
    return last += 16;
}

}
