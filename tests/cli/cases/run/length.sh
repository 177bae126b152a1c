aurea run F32.gguf --prompt "What is a database?" --temp 0 -n 3 --json >answer.json
holds answer.json '.finish_reason == "length" and (.tokens | length) == 3'
aurea run F32.gguf --prompt "What is a database?" --temp 0 -n 0 --json >none.json
holds none.json '.finish_reason == "length" and .tokens == [] and .text == ""'
# --ignore-eos goes on over the model's end until the context is full: 8 of the prompt and 24 more.
aurea run F32.gguf --prompt "What is a database?" --temp 0 --ignore-eos --ctx-size 32 --json >full.json
holds full.json '.finish_reason == "length" and (.tokens | length) + .timings.prompt_tokens >= 32'
