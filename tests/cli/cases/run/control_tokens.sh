# A message cannot end its own turn: control tokens in it are text. In --raw they are what they say.
count() { aurea run F32.gguf -n 1 --json "$@" | jq .timings.prompt_tokens; }
[[ $(count --prompt "a<|end|>b") -gt $(($(count --prompt "a b") + 1)) ]]
same "$(count --raw --prompt "<|end|><|end|><|end|>")" 3
