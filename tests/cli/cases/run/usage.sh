exits 2 aurea run F32.gguf
exits 2 aurea run F32.gguf --prompt ''
exits 2 aurea run F32.gguf --raw --prompt ''
exits 2 aurea run F32.gguf --tokens 4096000
exits 2 aurea run F32.gguf --tokens 1,2 --system "Be brief."
exits 2 aurea run F32.gguf --raw --prompt hi --system "Be brief."
exits 2 aurea run F32.gguf --prompt hi --ctx-size 100000
exits 2 aurea run F32.gguf --prompt hi --temp nan
exits 3 aurea run F32.gguf --text missing.txt
exits 3 aurea run missing.gguf --prompt hi
