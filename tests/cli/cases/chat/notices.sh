printf '%s\n' "What is a database?" | aurea chat F32.gguf --temp 0 -n 3 >answers
printf '%s\n' "What is a database?" | aurea chat F32.gguf --temp 0 --ignore-eos -c 24 >answers
