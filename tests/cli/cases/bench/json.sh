aurea bench tiny --prompt 8 --generate 4 --repetitions 2 --quiet --json >result.json
jq -c 'keys, (.prefill_tokens_per_second, .decode_tokens_per_second, .limits, .fraction_of_limit | keys)' result.json
holds result.json '.prefill_tokens_per_second | 0 < .min and .min <= .median and .median <= .max and .tokens == 8'
holds result.json '.decode_tokens_per_second | 0 < .min and .min <= .median and .median <= .max and .tokens == 4'
holds result.json '.limits.memory_read_gb_per_s > 0.1 and .limits.int8_gops > 0.1 and .load_seconds > 0 and .peak_rss_bytes > 1000000'
holds result.json '.fraction_of_limit | 0 < .prefill and .prefill < 2 and 0 < .decode'
holds result.json '.threads >= 1 and (.kernel_set | length) > 0'
