# A system message is a turn of its own: it adds tokens to the prompt.
prompt_tokens() { aurea run F32.gguf --prompt "What is a database?" -n 1 --json "$@" | jq .timings.prompt_tokens; }
[[ $(prompt_tokens --system "Answer in one sentence.") -gt $(($(prompt_tokens) + 4)) ]]
[[ $(prompt_tokens -sys "Answer in one sentence.") -gt $(($(prompt_tokens) + 4)) ]]
