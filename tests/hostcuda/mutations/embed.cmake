add_mutation(embed no_bound "    if (row >= pass[PASS_ROWS]) return;\n" "")
