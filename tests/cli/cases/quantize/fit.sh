# --fit and --max-kl: the plan and the file in one go; the same bytes for any number of threads, and as the plan says them.
head -c 16000 "$PROJECT/models/calibration.txt" >text.txt
common=(--calibration-text text.txt --types Q8_0,Q6_K,Q5_K,Q4_K,Q3_K --json --quiet)
aurea quantize phi3-docs-mini -o fit.gguf --fit 3.9MB "${common[@]}" >fit.json
holds fit.json '.bytes <= 3900000 and .bytes > 3900000 * 0.99 and .plan.trials == 1'
same "$(stat -c %s fit.gguf)" "$(jq .bytes fit.json)"
aurea quantize phi3-docs-mini -o one.gguf --fit 3.9MB --threads 1 "${common[@]}" >one.json
cmp fit.gguf one.gguf
aurea eval fit.gguf --reference phi3-docs-mini --text text.txt --context 256 --cache-type f32 --json --quiet >eval.json
jq -s '{predicted: .[0].plan.kl_divergence.mean, found: .[1].kl_divergence.mean}' fit.json eval.json >both.json
holds both.json '.predicted / .found | . > 0.85 and . < 1.15'

aurea quantize phi3-docs-mini -o kl.gguf --max-kl 0.01 "${common[@]}" >kl.json
holds kl.json '.plan.kl_divergence.mean | . <= 0.01005 and . > 0.0095'
aurea eval kl.gguf --reference phi3-docs-mini --text text.txt --context 256 --cache-type f32 --json --quiet >eval.json
holds eval.json '.kl_divergence.mean | . > 0.0085 and . < 0.0115'
# A certificate counts.
head -c 3000 "$PROJECT/models/eval.txt" >held-out.txt
aurea quantize phi3-docs-mini -o certified.gguf --fit 3.9MB --certify --text held-out.txt "${common[@]}" >certified.json
same "$(stat -c %s certified.gguf)" "$(jq .bytes certified.json)"
holds certified.json '.bytes <= 3900000'
aurea inspect certified.gguf --json | jq -r '.metadata | ."aurea.recipe", ."general.file_type"'
