# The answer alone goes to standard output, timings to standard error, with --quiet nothing.
aurea run F32.gguf --prompt "What is a database?" --temp 0 -n 2 >answer
aurea run F32.gguf --prompt "What is a database?" --temp 0 -n 2 --quiet | cmp - answer
[[ $(wc -l <answer) -eq 1 ]]
