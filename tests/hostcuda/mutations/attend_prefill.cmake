add_mutation(attend_prefill no_wait "cp_async_wait<0>();" "")
add_mutation(attend_prefill no_barrier "__syncthreads(); // the range is there for all, and all are done with the one before" "")
add_mutation(attend_prefill one_stage "stage ^= 1;" "")
add_mutation(attend_prefill one_segment "fold_segment(total, segment);" "total = segment;")
add_mutation(attend_prefill no_causal_bound "i32 visible[2] = {position[0] - first_key + 1, position[1] - first_key + 1};"
    "i32 visible[2] = {keys - first_key, keys - first_key};")
add_mutation(attend_prefill no_key_bound "bool exists = at + key < key_count;"
    "bool exists = at + key < (key_count + PAGE_TOKENS - 1) / PAGE_TOKENS * PAGE_TOKENS;" common/attention_tile.cuh)
add_mutation(attend_prefill no_query_bound "if (query >= end) continue;" "")
add_mutation(attend_prefill forgets_half "visible[0] >= RANGE_KEYS && visible[1] >= RANGE_KEYS" "visible[1] >= RANGE_KEYS" common/attention_range.cuh)
add_mutation(attend_prefill scales_of_values "from.scales[0][vector] : 0.f" "from.scales[1][vector % RANGE_KEYS] : 0.f" common/attention_tile.cuh)
add_mutation(attend_prefill hidden_scales "vector % RANGE_KEYS < key_count ? from.scales[0][vector] : 0.f" "from.scales[0][vector]" common/attention_tile.cuh)
add_mutation(attend_prefill no_tile_barrier "__syncthreads(); // the tile is there for all" "" common/attention_tile.cuh)
