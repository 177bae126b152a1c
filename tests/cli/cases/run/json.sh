aurea run F32.gguf --prompt "What is a database?" --temp 0 --json >answer.json
jq -c 'keys, (.timings | keys), .finish_reason' answer.json
holds answer.json '.timings.prompt_tokens > 3 and .timings.generated_tokens == (.tokens | length) and .timings.generate_seconds > 0'
same "$(jq -r .text answer.json)" "$(aurea run F32.gguf --prompt "What is a database?" --temp 0 --quiet)"
