# Which entries of the importance data are used, and what the smallest types make of them.
head -c 20000 "$PROJECT/models/calibration.txt" >text.txt
aurea imatrix phi3-docs-mini --text text.txt -o made.imatrix.gguf --ctx-size 128 --chunks 4 --quiet >printed
entries() { aurea inspect "$1" --json | jq -c '.metadata."quantize.imatrix.entries_count"'; }
aurea quantize phi3-docs-mini -o all.gguf --type IQ2_M --imatrix made.imatrix.gguf --quiet >printed
entries all.gguf
aurea quantize phi3-docs-mini -o down.gguf --type Q4_K_S --imatrix made.imatrix.gguf --include-weights ffn_down --quiet >printed
entries down.gguf
aurea quantize phi3-docs-mini --dry-run --json --quiet --type Q4_K_S --imatrix made.imatrix.gguf --include-weights ffn_down | jq -c .notices
aurea quantize phi3-docs-mini -o but_down.gguf --type Q4_K_S --imatrix made.imatrix.gguf --exclude-weights ffn_down --exclude-weights attn_output --quiet >printed
entries but_down.gguf
# What is left out counts as missing.
exits 2 aurea quantize phi3-docs-mini -o other.gguf --type IQ2_M --imatrix made.imatrix.gguf --exclude-weights blk.3.
exits 2 aurea quantize phi3-docs-mini -o other.gguf --imatrix made.imatrix.gguf --include-weights ffn_dwon
exits 2 aurea quantize phi3-docs-mini -o other.gguf --imatrix made.imatrix.gguf --exclude-weights weight
exits 2 aurea quantize phi3-docs-mini -o other.gguf --imatrix made.imatrix.gguf --exclude-weights ffn --include-weights attn
exits 2 aurea quantize phi3-docs-mini -o other.gguf --exclude-weights ffn
[[ ! -e other.gguf ]]
# A dry run with data that are still to be collected does not collect them.
aurea quantize phi3-docs-mini --dry-run --json --type IQ2_M --imatrix auto | jq -c '.notices'
# A pruned model finds its weights under the names of the whole one.
aurea quantize phi3-docs-mini -o pruned.gguf --type IQ2_M --imatrix made.imatrix.gguf --prune-layers 0,2 --quiet >printed
aurea inspect all.gguf --json | jq -c '[.tensors[] | select(.name | test("^blk\\.[1]\\.ffn_up")) | .type]'
aurea inspect pruned.gguf --json | jq -c '[.tensors[] | select(.name | test("^blk\\.[0]\\.ffn_up")) | .type]'
# Mistakes come up before the model writes its text.
exits 2 timeout 60 aurea quantize phi3-docs-mini -o other.gguf --imatrix auto --auto-tokens 60000000 --tensor-type ffn_dwon=q4_k
