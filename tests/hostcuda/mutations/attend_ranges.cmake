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
add_mutation(attend_ranges no_causal_bound "i32 visible[2] = {row[0].position - first_key + 1, row[1].position - first_key + 1};"
    "i32 visible[2] = {unit.key_count - range * RANGE_KEYS, unit.key_count - range * RANGE_KEYS};")
add_mutation(attend_ranges no_key_bound "bool exists = at + key < key_count;"
    "bool exists = at + key < (key_count + PAGE_TOKENS - 1) / PAGE_TOKENS * PAGE_TOKENS;" common/attention_tile.cuh)
add_mutation(attend_ranges queries_overwritten "__syncwarp(); // the tile's last readers are done" "" common/attention_tile.cuh)
add_mutation(attend_ranges keys_unscaled "scale_scores(scores, kv);" "" common/attention_range.cuh)
add_mutation(attend_ranges values_unscaled "scale_weights(weights, kv, visible);" "" common/attention_fold.cuh)
add_mutation(attend_ranges hidden_scales "8 * j < end ? bf16lo(pair) * scale.x : 0.f" "bf16lo(pair) * scale.x" common/attention_range.cuh)
add_mutation(attend_ranges forgets_half "visible[0] >= RANGE_KEYS && visible[1] >= RANGE_KEYS" "visible[1] >= RANGE_KEYS" common/attention_range.cuh)
