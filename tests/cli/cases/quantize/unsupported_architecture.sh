# Says which architecture it is and which are supported.
copy_model llama tiny
edit_json llama/config.json '.architectures = ["LlamaForCausalLM"] | .model_type = "llama"'
exits 4 aurea quantize llama -o made.gguf 2>message
grep -q '^aurea: llama/config.json: .*LlamaForCausalLM' message
grep -q 'supported: .*Phi3ForCausalLM' message
[[ ! -e made.gguf ]]
