# What is quantized already loses twice: only on demand.
exits 2 aurea quantize Q4_K_M.gguf -o made.gguf --type Q8_0
[[ ! -e made.gguf ]]
aurea quantize Q4_K_M.gguf -o made.gguf --type Q8_0 --allow-requantize --quiet >printed
aurea inspect made.gguf --json >made.json
holds made.json 'any(.tensors[]; .type == "Q8_0") and .bytes > 0'
# What has the type already is copied.
aurea quantize Q4_K_M.gguf -o same.gguf --type Q4_K_M --quiet >printed
cmp same.gguf Q4_K_M.gguf
