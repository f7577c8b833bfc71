add_mutation(rms_norm no_bound "    if (row >= pass_row_count(pass, row_set)) return;\n" "")
add_mutation(rms_norm no_barrier "    __syncthreads();\n" "" common/block_sum.cuh)
