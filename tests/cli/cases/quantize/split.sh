# Parts of at most a size, each a GGUF file; what was split can stay so. The tensors are those of one file.
mkdir out
aurea quantize phi3-docs-mini -o out/made.gguf --split-max-size 1.5MB --json --quiet >result.json
ls out
holds result.json '.output == "out/made-00001-of-00004.gguf" and .parts == 4'
for part in out/*; do (($(stat -c %s "$part") <= 1500000)) || { echo "$part is too large" >&2; exit 1; }; done
tensors() { aurea inspect "$1" --json | jq -c '.tensors | sort_by(.name)'; }
same "$(tensors out/made-00001-of-00004.gguf)" "$(tensors Q4_K_M.gguf)"
prompt="What is a database?"
same "$(aurea run out/made-00001-of-00004.gguf --prompt "$prompt" --temp 0 -n 12 --quiet)" "$(aurea run Q4_K_M.gguf --prompt "$prompt" --temp 0 -n 12 --quiet)"

echo "kept:"
aurea quantize out/made-00001-of-00004.gguf -o out/q8.gguf --type Q8_0 --allow-requantize --keep-split --quiet >printed
ls out | grep q8
echo "merged:"
aurea quantize out/made-00001-of-00004.gguf -o merged.gguf --quiet >printed
cmp merged.gguf Q4_K_M.gguf && echo "the same as never split"
echo "all in one:"
aurea quantize phi3-docs-mini -o out/one.gguf --split-max-size 1GiB --quiet >printed
cmp out/one.gguf Q4_K_M.gguf
exits 2 aurea quantize phi3-docs-mini -o out/x.gguf --keep-split
exits 2 aurea quantize phi3-docs-mini -o out/x.gguf --split-max-size 100kB
exits 2 aurea quantize phi3-docs-mini -o out/x.gguf --split-max-size 500kB
exits 2 aurea quantize phi3-docs-mini -o out/x.gguf --split-max-size 2MB --keep-split
exits 2 aurea quantize phi3-docs-mini -o out/made.gguf --split-max-size 1.5MB
ls -A out | grep -E '^\.|x' || true
