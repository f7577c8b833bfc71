add_mutation(append_e4m3 row_for_slot "(slot / PAGE_TOKENS)" "(row / PAGE_TOKENS)")
add_mutation(append_e4m3 scale_of_a_lane "warp_max(largest)" "largest")
add_mutation(append_e4m3 plain_order "e4m3_element(lane * LANE_ELEMENTS + i)" "lane * LANE_ELEMENTS + i")
