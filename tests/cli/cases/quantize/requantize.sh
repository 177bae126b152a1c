# What is quantized already loses twice: only on demand.
exits 2 aurea quantize Q4_K_M.gguf -o made.gguf --type Q8_0
[[ ! -e made.gguf ]]
aurea quantize Q4_K_M.gguf -o made.gguf --type Q8_0 --allow-requantize --quiet >printed
aurea inspect made.gguf --json >made.json
holds made.json 'any(.tensors[]; .type == "Q8_0") and .bytes > 0'
