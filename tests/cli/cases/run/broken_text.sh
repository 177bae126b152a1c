# A prompt that is not UTF-8 is answered, in UTF-8.
aurea run F32.gguf --prompt $'caf\xe9 \xff\xfe' --temp 0 -n 8 --json >answer.json
holds answer.json '.tokens | length > 0'
aurea run F32.gguf --raw --prompt $'\xff' --temp 1 --seed 3 -n 30 --ignore-eos --quiet >text
iconv -f UTF-8 -t UTF-8 text >/dev/null
