add_mutation(rope_append no_row_bound "if (row >= pass[PASS_ROWS]) return;" "")
