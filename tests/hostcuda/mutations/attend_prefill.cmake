add_mutation(attend_prefill no_wait "cp_async_wait<0>();" "")
add_mutation(attend_prefill no_barrier "__syncthreads(); // the range is there for all, and all are done with the one before" "")
add_mutation(attend_prefill one_stage "range_tile<D>(stages, range % 2), cache_layer" "range_tile<D>(stages, 0), cache_layer")
add_mutation(attend_prefill no_causal_bound "i32 visible[2] = {position[0] - first_key + 1, position[1] - first_key + 1};"
    "i32 visible[2] = {keys - first_key, keys - first_key};")
add_mutation(attend_prefill no_key_bound "bool exists = key < key_count;"
    "bool exists = key < (key_count + PAGE_TOKENS - 1) / PAGE_TOKENS * PAGE_TOKENS;" common/attention_tile.cuh)
add_mutation(attend_prefill no_query_bound "if (query >= end) continue;" "")
