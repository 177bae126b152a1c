# --raw continues the text itself: other tokens than the chat template's, no end after one sentence.
aurea run F32.gguf --raw --prompt "The database" --temp 0 -n 8 --json >raw.json
aurea tokenize F32.gguf --prompt "The database" --json >ids.json
holds raw.json ".timings.prompt_tokens == $(jq '.tokens | length' ids.json) and .finish_reason == \"length\""
same "$(aurea run F32.gguf --tokens "$(jq -r '.tokens | join(",")' ids.json)" --temp 0 -n 8 --json | jq -c .tokens)" "$(jq -c .tokens raw.json)"
