# A sweep: every prompt, every depth with every batch, each with its share of the limit.
aurea bench tiny --prompt 8,16 --generate 2 --depth 0,20 --batch 1,3 --repetitions 2 --json --quiet >result.json
shown='.results[] | del(.tokens_per_second, .samples, .fraction_of_limit, .floor, .prompt_tokens_per_second)'
jq -c "$shown" result.json
whole='all(.results[]; .tokens_per_second.min > 0 and .fraction_of_limit > 0 and .floor.bytes > 0 and .floor.operations > 0)'
holds result.json "$whole and all(.results[]; (.samples | length) == 2)"
# The pair at the top is the first of each kind.
holds result.json '.prefill_tokens_per_second.tokens == 8 and .decode_tokens_per_second.depth == 0 and .decode_tokens_per_second.batch == 1'
holds result.json '.results[0].fraction_of_limit == .fraction_of_limit.prefill and .results[2].fraction_of_limit == .fraction_of_limit.decode'
# A step at a depth reads the cache as well: two blocks, keys and values, four heads of 64 numbers in 16 bits.
holds result.json '[.results[] | select(.kind == "decode" and .batch == 1) | .floor.bytes] | .[1] - .[0] == 2 * 20 * 2048'

# Writing while a prompt is read.
aurea bench tiny --prompt 16 --generate 0 --depth 20 --batch 3 --mixed 6 --repetitions 1 --json --quiet >mixed.json
jq -c "$shown" mixed.json
holds mixed.json "$whole"
holds mixed.json '.results[1] | .prompt_tokens_per_second.median / .tokens_per_second.median * 9 / 16 | . > 0.999 and . < 1.001'
