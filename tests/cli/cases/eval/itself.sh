# A model against itself differs in nothing; against its checkpoint in bfloat16, whose numbers F32 holds exactly, in rounding.
head -c 600 "$PROJECT/models/eval.txt" >text.txt
aurea eval F32.gguf --reference F32.gguf --text text.txt --context 128 --json --quiet >same.json
holds same.json '.kl_divergence.mean < 1e-12 and .kl_divergence.max < 1e-9 and .top1_agreement == 1 and .rms_delta_p < 1e-9'
holds same.json '.perplexity == .reference_perplexity'
aurea eval F32.gguf --reference phi3-docs-mini --text text.txt --context 128 --cache-type f32 --json --quiet >checkpoint.json
holds checkpoint.json '.kl_divergence.mean < 1e-6 and .top1_agreement > 0.99 and (.perplexity / .reference_perplexity - 1 | fabs) < 1e-4'
