add_mutation(reward no_bound "    if ((i32)blockIdx.x >= pass[PASS_REWARDED]) return;\n" "")
add_mutation(reward no_barrier "    __syncthreads();\n" "" common/block_sum.cuh)
