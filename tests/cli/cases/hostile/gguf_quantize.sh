# A broken GGUF file as a source: nothing is written.
mkdir out
head -c 4000000 Q4_K_M.gguf >broken.gguf
refuses 3 broken.gguf aurea quantize broken.gguf -o out/made.gguf --allow-requantize -t 2
