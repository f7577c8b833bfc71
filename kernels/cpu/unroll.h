// Loops over the registers of a tile must be unrolled before the compiler decides what lives in registers.
#pragma once

#define CUDASEARCH_UNROLL _Pragma("GCC unroll 16")
