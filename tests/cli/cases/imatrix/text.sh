# From text to a file, and what quantize does with it.
head -c 20000 "$PROJECT/models/calibration.txt" >text.txt
aurea imatrix phi3-docs-mini --text text.txt -o im.gguf --ctx-size 128 --chunks 8
aurea imatrix -m phi3-docs-mini -f text.txt -o same.gguf -c 128 --chunks 8 --threads 1 -b 100 --no-ppl -ofreq 2 --json --quiet >result.json
cmp im.gguf same.gguf
jq -c 'del(.seconds)' result.json
aurea inspect im.gguf --json >file.json
jq -c '.metadata' file.json
jq -c '.tensors[:2][] | [.name, .type, .shape]' file.json
holds file.json '(.tensors | length) == 48'

aurea quantize phi3-docs-mini -o made.gguf --imatrix im.gguf --quiet >/dev/null
aurea inspect made.gguf --json | jq -c '.metadata | with_entries(select(.key | startswith("quantize.")))'
if cmp -s made.gguf Q4_K_M.gguf; then echo "the importance changed nothing" >&2; exit 1; fi
# The last eighth of the chunks by itself, and the output matrix too.
aurea imatrix phi3-docs-mini --text text.txt -o last.gguf -c 128 --from-chunk 7 --chunks 1 --process-output --quiet
