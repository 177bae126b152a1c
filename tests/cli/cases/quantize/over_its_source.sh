# The source may be the output: it is replaced when the new file is whole.
cp F32.gguf model.gguf
aurea quantize model.gguf -o model.gguf --force --quiet >printed
cmp <(aurea inspect model.gguf --json | jq .tensors) <(aurea inspect Q4_K_M.gguf --json | jq .tensors)
