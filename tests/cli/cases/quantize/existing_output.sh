echo precious >made.gguf
exits 2 aurea quantize phi3-docs-mini -o made.gguf
same "$(cat made.gguf)" precious
aurea quantize phi3-docs-mini -o made.gguf --force --quiet >printed
cmp made.gguf Q4_K_M.gguf
