# Not here, because one block after another hides them: the fences around the arrival, and the barrier before it.
add_mutation(attend_ranges no_wait "cp_async_wait<0>();" "")
add_mutation(attend_ranges no_list_barrier "__syncthreads(); // the list is complete, the range there for all" "")
add_mutation(attend_ranges no_finished_barrier "__syncthreads(); // it is known whose states are complete" "")
add_mutation(attend_ranges no_reset "*arrivals = 0;" "")
add_mutation(attend_ranges merges_backwards
    "i64 partial = (i64)(first + i) * to.heads + head;"
    "i64 partial = (i64)(end - 1 - (first + i - row_partials[row])) * to.heads + head;")
add_mutation(attend_ranges no_causal_bound "visible[h] = row_of(first_query + lane / 4 + 8 * h).position - item.first_key + 1;"
    "visible[h] = item.key_count;")
add_mutation(attend_ranges no_key_bound "bool exists = key < key_count;"
    "bool exists = key < (key_count + PAGE_TOKENS - 1) / PAGE_TOKENS * PAGE_TOKENS;" common/attention_tile.cuh)
add_mutation(attend_ranges queries_overwritten "__syncwarp(); // the tile's last readers are done" "" common/attention_tile.cuh)
add_mutation(attend_ranges queries_read_early "__syncwarp(); // the queries are there" "" common/attention_tile.cuh)
