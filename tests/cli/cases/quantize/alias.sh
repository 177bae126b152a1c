# convert is the same command, and types are read in any case.
aurea convert phi3-docs-mini -o made.gguf --type q4_k_m --quiet
cmp made.gguf Q4_K_M.gguf
