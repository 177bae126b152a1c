# Nothing on standard error, and only the result on standard output.
aurea quantize phi3-docs-mini -o made.gguf --quiet
