add_mutation(probe_read no_rest "for (; chunk < chunks; chunk += threads)" "for (; false; chunk += threads)")
