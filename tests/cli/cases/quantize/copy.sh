# COPY changes nothing but the container.
aurea quantize Q4_K_M.gguf -o same.gguf --type copy --quiet >printed
cmp same.gguf Q4_K_M.gguf
aurea quantize phi3-docs-mini -o made.gguf --type copy --json --quiet | jq -r .type
aurea inspect made.gguf --json | jq -c '[.metadata."general.file_type", ([.tensors[].type] | unique)]'
