# Types that are of no use without importance data stop here and say what to add, however they were chosen.
exits 2 aurea quantize phi3-docs-mini -o made.gguf --type IQ2_M
exits 2 aurea quantize phi3-docs-mini -o made.gguf --type 21
exits 2 aurea quantize phi3-docs-mini -o made.gguf --tensor-type 'blk\.2\.ffn_up=iq1_s'
[[ ! -e made.gguf ]]
# A dry run goes on.
aurea quantize phi3-docs-mini --type IQ2_M --dry-run --json >planned.json
holds planned.json '.tensors | any(.type == "IQ2_S")'
# Embedding and output matrix may have them, as in llama.cpp.
aurea quantize phi3-docs-mini -o made.gguf --token-embedding-type iq3_xxs --quiet >printed
aurea inspect made.gguf --json >made.json
holds made.json '.tensors | any(.name == "token_embd.weight" and .type == "IQ3_XXS")'
