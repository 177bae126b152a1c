# A model without some of its blocks is a model: it is written, read and run.
aurea quantize phi3-docs-mini -o pruned.gguf --type Q8_0 --prune-layers 4,1-2 --json --quiet >made.json
aurea inspect pruned.gguf --json >pruned.json
holds pruned.json '.metadata."phi3.block_count" == 3 and ([.tensors[].name | select(startswith("blk."))] | unique | length) == 18'
jq -s '{made: .[0], pruned: .[1]}' made.json pruned.json >both.json
holds both.json '.made.parameters == .pruned.parameters and .made.bits_per_weight == .pruned.bits_per_weight'
aurea run pruned.gguf --prompt "A file is" -n 4 --temp 0 --quiet --json >answer.json
holds answer.json '.tokens | length == 4'
aurea quantize F32.gguf -o from_gguf.gguf --type Q8_0 --prune-layers 1,2,4 --quiet >printed
cmp pruned.gguf from_gguf.gguf
for layers in 6 0-5 x 2-1 1, ,1 "" -1 1--2 3- 99999999999999999999; do
  exits 2 aurea quantize phi3-docs-mini -o made.gguf "--prune-layers=$layers"
done
[[ ! -e made.gguf ]]
