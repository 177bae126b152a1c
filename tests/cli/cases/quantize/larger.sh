# A type wider than the source's: the line does not call it smaller.
aurea quantize phi3-docs-mini -o made.gguf --type F32 --quiet
