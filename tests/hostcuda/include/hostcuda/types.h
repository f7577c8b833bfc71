// Plain types of device code, as device.cuh declares them for a GPU.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef long long i64;

#define __align__(n) __attribute__((aligned(n)))

struct uint3 { u32 x, y, z; };
struct __align__(8) uint2 { u32 x, y; };
struct __align__(16) uint4 { u32 x, y, z, w; };
struct __align__(8) float2 { float x, y; };
struct __align__(16) float4 { float x, y, z, w; };

struct bf16 {
    u16 bits;
};
struct e4m3 {
    u8 bits;
};

struct __align__(64) TensorMap {
    u64 opaque[16];
};
