# A sweep: every prompt, every depth with every batch, and mixed steps, each with its share of the limit.
aurea bench tiny --prompt 8,16 --generate 2 --depth 0,20 --batch 1,3 --mixed 6 --repetitions 2 --json >result.json
jq -c '.results[] | del(.tokens_per_second, .samples, .fraction_of_limit, .floor, .prompt_tokens_per_second)' result.json
holds result.json 'all(.results[]; (.samples | length) == 2 and .tokens_per_second.min > 0 and .fraction_of_limit > 0 and .floor.bytes > 0 and .floor.operations > 0)'
holds result.json '[.results[] | select(.kind == "mixed") | .prompt_tokens_per_second.median > 0] == [true, true, true, true, true, true, true, true]'
# The pair at the top is the first of each kind.
holds result.json '.prefill_tokens_per_second.tokens == 8 and .decode_tokens_per_second.depth == 0 and .decode_tokens_per_second.batch == 1'
holds result.json '.results[0].fraction_of_limit == .fraction_of_limit.prefill and .results[2].fraction_of_limit == .fraction_of_limit.decode'
# A step at a depth reads the cache as well: two blocks, keys and values, four heads of 64 numbers in 16 bits; no more than the window of 24.
holds result.json '[.results[] | select(.kind == "decode" and .batch == 1) | .floor.bytes] | .[1] - .[0] == 2 * 20 * 2048'
