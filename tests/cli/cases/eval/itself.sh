# A model against itself differs in nothing; against its checkpoint in bfloat16, whose numbers F32 holds exactly, in rounding.
# The reference's cache is float32, so that of the model shows: the fewer bits, the more.
head -c 600 "$PROJECT/models/eval.txt" >text.txt
aurea eval F32.gguf --reference F32.gguf --text text.txt --context 128 --cache-type f32 --json --quiet >same.json
holds same.json '.kl_divergence.mean < 1e-12 and .kl_divergence.max < 1e-9 and .top1_agreement == 1 and .rms_delta_p < 1e-9'
holds same.json '.perplexity == .reference_perplexity'
aurea eval F32.gguf --reference phi3-docs-mini --text text.txt --context 128 --cache-type f32 --json --quiet >checkpoint.json
holds checkpoint.json '.kl_divergence.mean < 1e-6 and .top1_agreement > 0.99 and (.perplexity / .reference_perplexity - 1 | fabs) < 1e-4'
for type in f16 BF16 q8_0 Q4_0; do
  aurea eval F32.gguf --reference F32.gguf --text text.txt --context 128 --cache-type $type --json --quiet >$type.json
done
aurea eval F32.gguf --reference F32.gguf --text text.txt --context 128 -ctk q4_0 --cache-type-v f32 --json --quiet >keys.json
jq -s 'map(.kl_divergence.mean)' f16.json BF16.json q8_0.json Q4_0.json keys.json >losses.json
holds losses.json '. as [$f16, $bf16, $q8, $q4, $keys] | 0 < $f16 and $f16 < $bf16 and $f16 < $q8 and $bf16 < $q4 and $q8 < $keys and $keys < $q4 and $q4 < 0.1'
