# By way of a GGUF file without loss: the same tensors as straight from the checkpoint.
aurea quantize F32.gguf -o again.gguf --quiet >printed
grep -q '^again.gguf: .* (.* times smaller), 32.00 -> ' printed
aurea inspect again.gguf --json | jq .tensors >again.json
aurea inspect Q4_K_M.gguf --json | jq .tensors | cmp - again.json
prompt="What is a database?"
same "$(aurea run again.gguf --prompt "$prompt" --temp 0 -n 12 --quiet)" "$(aurea run Q4_K_M.gguf --prompt "$prompt" --temp 0 -n 12 --quiet)"
