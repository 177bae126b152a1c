# A checkpoint whose download broke off.
copy_model broken tiny
truncate -s -1000 broken/model.safetensors
mkdir out
refuses 3 broken/model.safetensors aurea quantize broken -o out/made.gguf
