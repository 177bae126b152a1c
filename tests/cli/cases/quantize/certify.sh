# A file with a certificate: the same bytes every time, the tensors of one without, and a stop during the evaluation costs only that.
head -c 3000 "$PROJECT/models/eval.txt" >text.txt
exits 2 aurea quantize phi3-docs-mini -o made.gguf --certify
exits 3 aurea quantize phi3-docs-mini -o made.gguf --certify --text missing.txt
exits 2 aurea quantize phi3-docs-mini -o made.gguf --text text.txt
printf 'x' >short.txt
exits 2 aurea quantize phi3-docs-mini -o made.gguf --certify --text short.txt
[[ ! -e made.gguf ]]
aurea quantize phi3-docs-mini -o made.gguf --type q4_k_m --certify --text text.txt --context 128 --quiet >printed
grep -q '^certified: perplexity [0-9.]* (source [0-9.]*), KL divergence 0.00' printed
aurea inspect made.gguf --json >made.json
jq -c '.metadata | with_entries(select(.key | startswith("aurea.") and (contains("tokenizer") | not))) | keys' made.json
holds made.json '.metadata | ."aurea.recipe" == "--type Q4_K_M" and ."aurea.eval.kl_divergence" > 0.001 and ."aurea.eval.perplexity" > 10 and ."aurea.eval.context" == 128'
same "$(jq -r '.metadata."aurea.source.sha256"' made.json)" "$(sha256sum phi3-docs-mini/model.safetensors | cut -d ' ' -f 1)"
same "$(jq -r '.metadata."aurea.text.sha256"' made.json)" "$(sha256sum text.txt | cut -d ' ' -f 1)"
cmp <(jq .tensors made.json) <(aurea inspect Q4_K_M.gguf --json | jq .tensors)
aurea eval made.gguf --reference phi3-docs-mini --text text.txt --context 128 --cache-type f32 --json --quiet >eval.json
same "$(jq '[.perplexity, .kl_divergence.mean, .top1_agreement, .tokens]' eval.json)" \
  "$(jq '.metadata | [."aurea.eval.perplexity", ."aurea.eval.kl_divergence", ."aurea.eval.top1_agreement", ."aurea.eval.tokens"]' made.json)"

# Stopped while it evaluates: the tensors stay.
mkdir out
for ((try = 0; try < 50; ++try)); do
  aurea quantize phi3-docs-mini -o out/made.gguf --type Q4_K_M --certify --text text.txt --context 128 --threads 1 2>message >printed &
  pid=$!
  while kill -0 "$pid" 2>/dev/null && (($(stat -c %s out/.unfinished-made.gguf 2>/dev/null || echo 0) < 4380000)); do :; done
  kill -INT "$pid" 2>/dev/null || true
  code=0
  wait "$pid" || code=$?
  ((code == 130)) && break
  rm -f out/made.gguf
done
same "$(grep -c 'is kept: the same command goes on' message)" 1
aurea quantize phi3-docs-mini -o out/made.gguf --type Q4_K_M --certify --text text.txt --context 128 --json 2>message >result.json
grep '^aurea' message
same "$(jq -S .evaluation result.json)" "$(jq -S 'del(.bytes, .bits_per_weight)' eval.json)"
cmp out/made.gguf made.gguf
same "$(ls -A out)" made.gguf
# A file made from it does not inherit it.
aurea quantize made.gguf -o again.gguf --type Q4_K_M --quiet >printed
cmp again.gguf Q4_K_M.gguf
# Parts have one certificate, in the first.
aurea quantize phi3-docs-mini -o out/split.gguf --type Q4_K_M --split-max-size 1.5MB --certify --text text.txt --context 128 --quiet >printed
same "$(aurea inspect out/split-00001-of-00004.gguf --json | jq '.metadata."aurea.tensors.sha256"')" "$(jq '.metadata."aurea.tensors.sha256"' made.json)"
aurea verify out/split-00001-of-00004.gguf --source phi3-docs-mini --text text.txt --quiet >printed
