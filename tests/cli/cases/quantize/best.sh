# --quality best: the same size and types as fast, and nearer to the source; the same bytes for any number of threads.
head -c 8000 "$PROJECT/models/calibration.txt" >calibration.txt
head -c 6000 "$PROJECT/models/eval.txt" >eval.txt
for quality in fast best; do
  aurea quantize phi3-docs-mini -o "$quality.gguf" --type Q2_K --quality "$quality" --calibration-text calibration.txt --quiet >"$quality.txt"
  aurea eval "$quality.gguf" --reference phi3-docs-mini --text eval.txt --context 256 --json --quiet >"$quality.json"
done
same "$(stat -c %s best.gguf)" "$(stat -c %s fast.gguf)"
jq -s '{fast: .[0].kl_divergence.mean, best: .[1].kl_divergence.mean}' fast.json best.json >both.json
holds both.json '.best < 0.8 * .fast'
for threads in 1 3; do
  aurea quantize tiny -o "tiny-$threads.gguf" --type Q4_0 --quality best --calibration-text calibration.txt --threads "$threads" --quiet >tiny.txt
done
cmp tiny-1.gguf tiny-3.gguf
printf 'too short' >short.txt
exits 2 aurea quantize phi3-docs-mini -o none.gguf --quality best --calibration-text short.txt --quiet
exits 2 aurea quantize phi3-docs-mini -o none.gguf --quality best --prune-layers 1 --quiet
[[ ! -e none.gguf ]]
