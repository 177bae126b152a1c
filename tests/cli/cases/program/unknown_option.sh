exits 2 aurea --frobnicate
exits 2 aurea run --frobnicate
exits 2 aurea run F32.gguf --prompt hi --frobnicate
exits 2 aurea inspect F32.gguf Q4_K_M.gguf
