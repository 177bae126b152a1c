# A choice that means nothing is an error, which says what and where.
exits 2 aurea quantize phi3-docs-mini -o made.gguf --tensor-type 'ffn_(down=q4_k'
exits 2 aurea quantize phi3-docs-mini -o made.gguf --tensor-type ffn_down=q4_k_m
exits 2 aurea quantize phi3-docs-mini -o made.gguf --tensor-type ffn_down
exits 2 aurea quantize phi3-docs-mini -o made.gguf --tensor-type ffn_down_exps=q4_k
printf 'ffn_down=q6_k\n\nffn_norm=q6_k\n' >types.txt
exits 2 aurea quantize phi3-docs-mini -o made.gguf --tensor-type-file types.txt
exits 3 aurea quantize phi3-docs-mini -o made.gguf --tensor-type-file absent.txt
exits 2 aurea quantize phi3-docs-mini -o made.gguf --output-tensor-type Q4_K_M
exits 2 aurea quantize phi3-docs-mini -o made.gguf --output-tensor-type Q4_K --leave-output-tensor
exits 2 aurea quantize phi3-docs-mini -o made.gguf --type F16 --tensor-type ffn=q8_0
exits 2 aurea quantize phi3-docs-mini -o made.gguf --type COPY --pure
[[ ! -e made.gguf ]]
