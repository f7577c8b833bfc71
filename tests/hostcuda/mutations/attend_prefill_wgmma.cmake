add_mutation(attend_prefill_wgmma no_full_wait "    mbar_wait(ring.full + walk.place.stage, walk.place.parity);\n" "")
add_mutation(attend_prefill_wgmma no_first_wait "    mbar_wait(ring.full, 0);\n" "")
add_mutation(attend_prefill_wgmma no_query_fence "    fence_proxy_async();\n    __syncwarp();\n    if (threadIdx.x % 32 == 0) mbar_arrive(ring.queries_there);"
    "    __syncwarp();\n    if (threadIdx.x % 32 == 0) mbar_arrive(ring.queries_there);" common/attention_copy.cuh)
add_mutation(attend_prefill_wgmma early_release "    wgmma_wait<0>();\n    wgmma_settle(values);\n    wgmma_settle(walk.weights);\n    wgmma_release(ring, stage);"
    "    wgmma_release(ring, stage);\n    wgmma_wait<0>();\n    wgmma_settle(values);\n    wgmma_settle(walk.weights);")
add_mutation(attend_prefill_wgmma no_values_wait "    wgmma_wait<0>();\n    wgmma_settle(values);\n    wgmma_settle(walk.weights);\n    wgmma_release(ring, stage);"
    "    wgmma_release(ring, stage);")
add_mutation(attend_prefill_wgmma no_scores_wait "wgmma_wait<1>();" "wgmma_wait<2>();")
add_mutation(attend_prefill_wgmma weights_overwritten "weigh_scores<MASKED>(weights, range," "weigh_scores<MASKED>(walk.weights, range,")
add_mutation(attend_prefill_wgmma no_total "    if (ranges > SEGMENT_RANGES) fold_total(walk.segment, walk.total);" "")
add_mutation(attend_prefill_wgmma no_causal_bound "position(of_warpgroup) + 1) / RANGE_KEYS" "position(of_warpgroup + 63) + 1) / RANGE_KEYS + 1")
add_mutation(attend_prefill_wgmma no_draining "for (; ranges * RANGE_KEYS < keys; ranges++) {" "for (; ranges < 0; ranges++) {")
add_mutation(attend_prefill_wgmma no_query_bound "if (query < end) store_query" "store_query")
add_mutation(attend_prefill_wgmma no_empty_wait "            mbar_wait(ring.empty + place.stage, place.parity ^ 1);\n" "" common/attention_copy.cuh)
add_mutation(attend_prefill_wgmma no_clearing "            clear_values<D>(target + RANGE_KEYS * D, keys - first_key);\n" "" common/attention_copy.cuh)
add_mutation(attend_prefill_wgmma no_clearing_fence "keys - first_key);\n            fence_proxy_async();" "keys - first_key);" common/attention_copy.cuh)
add_mutation(attend_prefill_wgmma fewer_bytes "mbar_arrive_expect_tx(bar, Shape::stage_bytes);" "mbar_arrive_expect_tx(bar, Shape::stage_bytes - 2048);"
    common/attention_copy.cuh)
add_mutation(attend_prefill_wgmma one_tile_of_values "wgmma_desc_mn128(values, SWIZZLED_PART * 2)" "wgmma_desc_mn128(values, 0)" common/attention_warpgroup.cuh)
