add_mutation(copy_pages no_chains " || is_chained(next)" "")
add_mutation(copy_pages no_page_bound " || piece >= page_bytes" "")
