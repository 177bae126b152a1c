mkdir empty
exits 3 aurea quantize nowhere -o made.gguf
exits 3 aurea quantize empty -o made.gguf
[[ ! -e made.gguf ]]
