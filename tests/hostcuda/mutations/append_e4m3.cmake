add_mutation(append_e4m3 row_for_slot "(slot / PAGE_TOKENS)" "(row / PAGE_TOKENS)")
add_mutation(append_e4m3 scale_of_a_lane "warp_max(largest)" "largest")
add_mutation(append_e4m3 plain_order "e4m3_element(lane * LANE_ELEMENTS + i)" "lane * LANE_ELEMENTS + i")
add_mutation(append_e4m3 scale_unrounded "bf16_to_f32(f32_to_bf16(__uint_as_float(warp_max(largest)) / E4M3_MAX))" "__uint_as_float(warp_max(largest)) / E4M3_MAX")
