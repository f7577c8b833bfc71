add_mutation(probe_mma no_wait "wgmma_wait<0>();" "")
add_mutation(probe_mma no_swizzle "(row * 8 + (column ^ row % 8)) * 4" "(row * 8 + column) * 4")
