# The same keys for a GGUF file and a checkpoint, and the same model in both.
aurea inspect F32.gguf --json >gguf.json
aurea inspect phi3-docs-mini --json >folder.json
jq -c 'keys, (.tensors[0] | keys)' gguf.json folder.json
for file in gguf.json folder.json; do
  holds $file 'all(.tensors[]; (.name | type) == "string" and .bytes > 0 and (.shape | length) > 0 and (.type | length) > 0)'
  holds $file '([.tensors[].bytes] | add) <= .bytes'
done
holds gguf.json '.format == "gguf" and .architecture == "phi3" and .bits_per_weight > 31.9 and .bits_per_weight < 32.1'
holds folder.json '.format == "safetensors" and .architecture == "Phi3ForCausalLM" and .bits_per_weight == 16'
same "$(jq .parameters gguf.json)" "$(jq .parameters folder.json)"
holds gguf.json ".bytes == $(stat -Lc %s F32.gguf)"
holds folder.json ".bytes == $(stat -Lc %s phi3-docs-mini/model.safetensors) and .metadata.model_type == \"phi3\""
