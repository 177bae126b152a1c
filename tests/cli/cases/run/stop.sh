# The answer ends before a stop text, also one that begins in the middle of a token; the first that comes counts.
answer=$(aurea run F32.gguf --prompt "What is a database?" --temp 0 --quiet)
middle=${answer:6:4}
aurea run F32.gguf --prompt "What is a database?" --temp 0 --stop "no such text" --stop "$middle" --json >answer.json
holds answer.json '.finish_reason == "stop"'
same "$(jq -r .text answer.json)" "${answer%%"$middle"*}"
aurea run --stop "$middle" F32.gguf --prompt "What is a database?" --temp 0 -n 40 --quiet >before_the_model
same "$(cat before_the_model)" "${answer%%"$middle"*}"
exits 2 aurea run F32.gguf --prompt hi --stop ''
