# A llama.cpp command line with the program's name changed.
aurea run -m F32.gguf -p "What is a database?" -n 5 --temp 0 -ngl 99 -c 256 -t 1 -b 64 -s -1 --top-k 40 --top-p 0.9 --min-p 0.1 \
  --repeat-penalty 1.0 >short.txt 2>notices
same "$(cat short.txt)" "$(aurea run F32.gguf --prompt "What is a database?" --n-predict 5 --temp 0 --quiet)"
grep -c -- '--gpu-layers: this build has no GPU backend' notices
printf 'What is a database?' >question.txt
same "$(aurea run --model F32.gguf -f question.txt --n-predict 5 --temp 0 --quiet)" "$(cat short.txt)"
