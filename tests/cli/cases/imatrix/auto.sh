# The model writes its own text: the same for the same seed. quantize does it on the way.
aurea imatrix phi3-docs-mini -o one.gguf --auto-tokens 1100 --threads 1 --quiet
aurea imatrix phi3-docs-mini -o again.gguf --auto-tokens 1100 --seed 1 --threads 2 --batch-size 2 --quiet >/dev/null
cmp one.gguf again.gguf
aurea imatrix phi3-docs-mini -o two.gguf --auto-tokens 1100 --seed 2 --threads 1 --quiet >/dev/null
if cmp -s one.gguf two.gguf; then echo "another seed, the same file" >&2; exit 1; fi
aurea inspect one.gguf --json | jq -c '.metadata["imatrix.datasets"]'
aurea quantize phi3-docs-mini -o made.gguf --imatrix auto --auto-tokens 1100 --threads 1 --quiet >/dev/null
aurea quantize phi3-docs-mini -o from_file.gguf --imatrix one.gguf --quiet >/dev/null
aurea inspect made.gguf --json | jq -c .tensors | cmp - <(aurea inspect from_file.gguf --json | jq -c .tensors)
cmp <(tail -c 4000000 made.gguf) <(tail -c 4000000 from_file.gguf)
aurea inspect made.gguf --json | jq -c '.metadata | with_entries(select(.key | startswith("quantize.")))'
exits 2 aurea quantize phi3-docs-mini -o other.gguf --imatrix auto --imatrix one.gguf
[[ ! -e other.gguf ]]
