# The keys that other programs rely on, without and with a reference.
head -c 1000 "$PROJECT/models/eval.txt" >text.txt
aurea eval Q4_K_M.gguf --text text.txt --context 128 --json --quiet >alone.json
jq -c keys alone.json
aurea eval Q4_K_M.gguf --reference F32.gguf --text text.txt --context 128 --json --quiet >beside.json
jq -c 'keys, (.kl_divergence | keys)' beside.json
holds alone.json ".context == 128 and .tokens > 100 and .perplexity > 1 and .perplexity < 4096 and .perplexity_stderr > 0"
holds alone.json ".bytes == $(stat -Lc %s Q4_K_M.gguf) and .bits_per_weight > 4 and .bits_per_weight < 6"
holds beside.json ".perplexity == $(jq .perplexity alone.json) and .tokens == $(jq .tokens alone.json)"
holds beside.json '.kl_divergence | 0 < .p50 and .p50 < .p90 and .p90 < .p99 and .p99 <= .p999 and .p999 <= .max and .stderr > 0 and .mean < .max'
holds beside.json '.top1_agreement > 0.5 and .top1_agreement < 1 and .rms_delta_p > 0 and .rms_delta_p < 0.2'
