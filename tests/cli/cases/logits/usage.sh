echo precious >out.npy
exits 2 aurea logits F32.gguf
exits 2 aurea logits F32.gguf --prompt ''
exits 2 aurea logits F32.gguf --tokens 1,4096
exits 2 aurea logits F32.gguf --tokens 1,2 -o out.npy
exits 2 aurea logits F32.gguf --tokens 1,2 -o ''
exits 2 aurea logits F32.gguf --tokens 1,2 -o missing/out.npy
exits 2 aurea logits F32.gguf --tokens 1,2,3,4,5 -o new.npy -c 4
same "$(cat out.npy)" precious
[[ ! -e new.npy ]]
aurea logits F32.gguf --tokens 1,2 -o out.npy --force --quiet >printed
[[ $(stat -c %s out.npy) -gt 1000 ]]
