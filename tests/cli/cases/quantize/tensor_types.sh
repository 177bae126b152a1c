# Types of single tensors: by pattern, by file, by their own options.
types() { aurea quantize phi3-docs-mini --dry-run --json "$@" | jq -r '.tensors[] | select(.name | test("^blk.[2-5]") | not) | select(.type != "F32") | "\(.name) \(.type)"'; }
types --type Q4_K_S --tensor-type 'blk\.0\..*_(up|down)=Q8_0' --tensor-type FFN_down=iq4_xs --output-tensor-type f16 --token-embedding-type q5_k
printf '# as text\nattn=q6_k  # the rest as the recipe says\nblk\\.1=q3_k blk\\.0=q2_k\n' >types.txt
echo
types --type Q8_0 --tensor-type attn_qkv=F16 --tensor-type-file types.txt
echo
types --type Q3_K_M --pure
echo
types --type Q3_K_M --leave-output-tensor
# A file made of a result's own types makes the same file again.
aurea quantize phi3-docs-mini --type Q3_K_M -o first.gguf --quiet >printed
aurea inspect first.gguf --json | jq -r '.tensors[] | select(.shape | length > 1) | "^\(.name | gsub("\\."; "\\."))$=\(.type)"' >exact.txt
aurea quantize phi3-docs-mini --type Q3_K_S --tensor-type-file exact.txt -o second.gguf --quiet >printed
aurea inspect first.gguf --json | jq '.tensors' >first.json
aurea inspect second.gguf --json | jq '.tensors' >second.json
cmp first.json second.json
