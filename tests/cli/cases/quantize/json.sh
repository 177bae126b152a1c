aurea quantize phi3-docs-mini -o made.gguf --json >result.json 2>/dev/null
jq -c 'keys' result.json
holds result.json '.source_bytes > .bytes and .seconds > 0 and .parameters > 1000000'
