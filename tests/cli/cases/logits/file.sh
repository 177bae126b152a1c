# A NumPy file: magic, version 1.0, a header of whole 64 bytes, then float32 rows. The likeliest token printed is the last
# row's largest value.
aurea logits F32.gguf --tokens 1,318,635 -o out.npy --json --quiet >result.json
jq -c keys result.json
vocabulary=$(jq .vocab_size phi3-docs-mini/config.json)
holds result.json ".shape == [3, $vocabulary] and .output == \"out.npy\" and .tokens == [1, 318, 635] and (.top | length) == 5"
same "$(od -An -t x1 -N 8 out.npy)" " 93 4e 55 4d 50 59 01 00"
length=$(od -An -t u2 -j 8 -N 2 out.npy | tr -d ' ')
same $(((10 + length) % 64)) 0
header=$(head -c $((10 + length)) out.npy | tail -c +11)
same "${header%%\}*}" "{'descr': '<f4', 'fortran_order': False, 'shape': (3, $vocabulary), "
same "$(stat -c %s out.npy)" $((10 + length + 3 * vocabulary * 4))
best=$(od -An -v -t f4 -w4 -j $((10 + length + 2 * vocabulary * 4)) out.npy | awk 'NR == 1 || $1 > max { max = $1; id = NR - 1 } END { print id }')
holds result.json ".top[0].id == $best"
