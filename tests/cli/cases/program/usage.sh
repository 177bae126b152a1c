# What is missing, doubled or out of range is named, with the command whose help explains it.
exits 2 aurea run
exits 2 aurea run F32.gguf --model F32.gguf --prompt hi
exits 2 aurea run F32.gguf --prompt hi --tokens 1
exits 2 aurea run F32.gguf --prompt hi --ctx-size -4
exits 2 aurea run F32.gguf --prompt hi --threads 4000
exits 2 aurea run F32.gguf --prompt hi --batch-size 0
exits 2 aurea run F32.gguf --prompt hi --cache-type q8
exits 2 aurea run F32.gguf --tokens 1,two
exits 2 aurea quantize
exits 2 aurea inspect
