# A plan for a size, written down, carried out: the file has the bytes that were said, and the divergence within 15 %.
head -c 16000 "$PROJECT/models/calibration.txt" >text.txt
aurea plan phi3-docs-mini --fit 3.2MB --text text.txt --types Q8_0,Q6_K,Q4_K,Q3_K,Q2_K -o types.txt --save-imatrix imatrix.gguf --json --quiet >plan.json
holds plan.json '.bytes <= 3200000 and .bytes > 3200000 * 0.99 and .trials == 1 and .context == 256 and .text == "text.txt" and .kl_divergence.stderr > 0'
holds plan.json '[.tensors[].bytes] | add < 3200000'
holds plan.json '(.tensors | map(.type) | unique | length) >= 3 and (.tensors | map(.type) - ["Q8_0", "Q6_K", "Q4_K", "Q3_K", "Q2_K"] == [])'
grep -c '=Q' types.txt
jq -r .command plan.json | sed 's/--type [^ ]*/--type X/'
read -ra words <<<"$(jq -r .command plan.json)"
"${words[@]:0:4}" made.gguf "${words[@]:5}" --quiet >printed
same "$(stat -c %s made.gguf)" "$(jq .bytes plan.json)"
aurea eval made.gguf --reference phi3-docs-mini --text text.txt --context 256 --cache-type f32 --json --quiet >eval.json
jq -s '{predicted: .[0].kl_divergence.mean, found: .[1].kl_divergence.mean}' plan.json eval.json >both.json
holds both.json '.predicted / .found | . > 0.85 and . < 1.15'
# It is better than llama.cpp's mix in no more bytes.
aurea quantize phi3-docs-mini -o mix.gguf --type Q2_K --imatrix imatrix.gguf --quiet >printed
aurea plan phi3-docs-mini --fit "$(stat -c %s mix.gguf)" --text text.txt --types Q8_0,Q6_K,Q4_K,Q3_K,Q2_K --json --quiet >same.json
aurea eval mix.gguf --reference phi3-docs-mini --text text.txt --context 256 --cache-type f32 --json --quiet >mix.json
jq -s '{plan: .[0].kl_divergence.mean, mix: .[1].kl_divergence.mean}' same.json mix.json >better.json
holds better.json '.plan < 0.8 * .mix'
