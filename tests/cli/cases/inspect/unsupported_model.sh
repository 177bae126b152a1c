# Any checkpoint can be looked at, also one that cannot be run.
copy_model llama tiny
edit_json llama/config.json '.architectures = ["LlamaForCausalLM"] | .model_type = "llama"'
aurea inspect llama --json | jq -r .architecture
