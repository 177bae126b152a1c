exits 2 aurea quantize phi3-docs-mini -o made.gguf --type Q9_X
exits 2 aurea quantize phi3-docs-mini -o made.gguf --format docx
[[ ! -e made.gguf ]]
