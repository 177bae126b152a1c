aurea inspect Q4_K_M.gguf >table
head -n 1 table
grep -c '^  blk\..*attn_qkv.weight ' table
grep -E '^(Metadata|Types|Tensors)' table
grep -E '^  (general.architecture|tokenizer.ggml.model|tokenizer.ggml.tokens) ' table
grep -E '^  Q[0-9]_K +[0-9]+ tensors' table
# Long lists are cut, unless all is asked for.
aurea inspect Q4_K_M.gguf --json >cut.json
aurea inspect Q4_K_M.gguf --json --all >all.json
holds cut.json '.metadata["tokenizer.ggml.tokens"] | .count > 8 and (.first | length) == 8'
holds all.json ".metadata[\"tokenizer.ggml.tokens\"] | length == $(jq '.metadata["tokenizer.ggml.tokens"].count' cut.json)"
