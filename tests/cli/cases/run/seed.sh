ask() { aurea run F32.gguf --prompt "What is a database?" --temp 1 -n 24 --ignore-eos --json "$@" | jq -c .tokens; }
same "$(ask --seed 7)" "$(ask --seed 7)"
same "$(ask --seed 7)" "$(ask --seed 7 --threads 1)"
differ "$(ask --seed 7)" "$(ask --seed 8)"
differ "$(ask)" "$(ask)"
differ "$(ask --seed -1)" "$(ask --seed -1)"
greedy=$(aurea run F32.gguf --prompt "What is a database?" --temp 0 -n 24 --ignore-eos --json | jq -c .tokens)
same "$(ask --top-k 1)" "$greedy"
