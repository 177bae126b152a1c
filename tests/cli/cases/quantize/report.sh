# A page about the result, with or without a certificate; other certified files in its plot.
head -c 2000 "$PROJECT/models/eval.txt" >text.txt
head -c 1500 text.txt >other.txt
aurea quantize phi3-docs-mini -o plain.gguf --report plain.html --quiet >printed
cmp plain.gguf Q4_K_M.gguf
grep -q 'Not evaluated' plain.html
same "$(grep -c '^<tr><td class="mono">' plain.html)" "$(aurea inspect plain.gguf --json | jq '.tensors | length')"
aurea quantize phi3-docs-mini -o q6.gguf --type Q6_K --certify --text text.txt --context 64 --quiet >printed
aurea quantize phi3-docs-mini -o other.gguf --type Q8_0 --certify --text other.txt --context 64 --quiet >printed
aurea quantize phi3-docs-mini -o q4.gguf --certify --text text.txt --context 64 --report q4.html --compare q6.gguf --compare other.gguf >printed 2>message
grep '^aurea' message
grep -q '<title>Q6_K: 6.58 bits per weight' q4.html
kl=$(aurea inspect q4.gguf --json | jq '.metadata."aurea.eval.kl_divergence"')
grep -q "KL divergence, mean</dt><dd>$(printf %.6f "$kl")" q4.html
if grep -E 'https?:|src=|url\(' q4.html; then echo "the page refers to something outside" >&2; exit 1; fi
# Gone on with, the errors of what was there are in the page all the same.
for ((try = 0; try < 50; ++try)); do
  aurea quantize phi3-docs-mini -o again.gguf --report again.html --threads 1 --quiet >printed 2>message &
  pid=$!
  while kill -0 "$pid" 2>/dev/null && (($(stat -c %s .unfinished-again.gguf 2>/dev/null || echo 0) < 1500000)); do :; done
  kill -KILL "$pid" 2>/dev/null || true
  code=0
  wait "$pid" 2>/dev/null || code=$?
  ((code == 137)) && [[ ! -e again.gguf ]] && break
  rm -f again.*
done 2>/dev/null
aurea quantize phi3-docs-mini -o again.gguf --report again.html --quiet >printed
cmp <(sed 's/plain/again/' plain.html) again.html
exits 2 aurea quantize phi3-docs-mini -o x.gguf --report q4.html
exits 2 aurea quantize phi3-docs-mini -o x.gguf --report x.html --compare q6.gguf
exits 2 aurea quantize phi3-docs-mini -o x.gguf --certify --text text.txt --report x.html --compare Q4_K_M.gguf
exits 3 aurea quantize phi3-docs-mini -o x.gguf --certify --text text.txt --report x.html --compare text.txt
[[ ! -e x.gguf && ! -e x.html ]]
