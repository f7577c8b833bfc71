# Not here, because one block after another hides them: the fences around the arrival, and the barrier before it.
add_mutation(attend_ranges no_wait "cp_async_wait<0>();" "")
add_mutation(attend_ranges no_range_barrier "__syncthreads(); // the range is there for all, and all are done with the one before" "")
add_mutation(attend_ranges one_stage "last ? 0 : range + 1, stage ^ 1);" "last ? 0 : range + 1, stage);")
add_mutation(attend_ranges no_finished_barrier "__syncthreads(); // it is known whose states are complete" "")
add_mutation(attend_ranges no_reset "*arrivals = 0;" "")
add_mutation(attend_ranges merges_backwards
    "i64 partial = (i64)(first + i) * to.heads + head;"
    "i64 partial = (i64)(end - 1 - (first + i - begin)) * to.heads + head;")
add_mutation(attend_ranges one_fold "begins[i] = partial_keys[first + i] % SEGMENT_KEYS == 0;" "begins[i] = partial_keys[first + i] == 0;")
add_mutation(attend_ranges folds_anew "fold_range(fold, queries" "fold = {}, fold_range(fold, queries")
add_mutation(attend_ranges no_causal_bound "i32 visible[2] = {position[0] - first_key + 1, position[1] - first_key + 1};"
    "i32 visible[2] = {unit.key_count - range * RANGE_KEYS, unit.key_count - range * RANGE_KEYS};")
add_mutation(attend_ranges no_key_bound "bool exists = at + key < key_count;"
    "bool exists = at + key < (key_count + PAGE_TOKENS - 1) / PAGE_TOKENS * PAGE_TOKENS;" common/attention_tile.cuh)
add_mutation(attend_ranges queries_overwritten "__syncwarp(); // the tile's last readers are done" "" common/attention_tile.cuh)
add_mutation(attend_ranges forgets_half "visible[0] >= RANGE_KEYS && visible[1] >= RANGE_KEYS" "visible[1] >= RANGE_KEYS" common/attention_range.cuh)
add_mutation(attend_ranges scales_of_values "from.scales[0][vector] : 0.f" "from.scales[1][vector % RANGE_KEYS] : 0.f" common/attention_tile.cuh)
add_mutation(attend_ranges hidden_scales "vector % RANGE_KEYS < key_count ? from.scales[0][vector] : 0.f" "from.scales[0][vector]" common/attention_tile.cuh)
add_mutation(attend_ranges no_tile_barrier "__syncthreads(); // the tile is there for all" "" common/attention_tile.cuh)
