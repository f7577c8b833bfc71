add_mutation(pack_weight no_swizzle "(column ^ row % 8) * 8" "column * 8")
add_mutation(pack_weight no_row_bound "if (from < n)" "")
