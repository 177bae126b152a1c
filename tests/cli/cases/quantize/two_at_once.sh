# A second run to the same output is refused while the first is at work, and does not disturb it.
mkdir out
for ((try = 0; try < 50; ++try)); do
  rm -f out/*
  aurea quantize F32.gguf -o out/made.gguf --threads 1 --quiet >printed 2>message &
  pid=$!
  while kill -0 "$pid" 2>/dev/null && [[ ! -e out/.unfinished-made.gguf ]]; do :; done
  kill -STOP "$pid" 2>/dev/null || true
  code=0
  aurea quantize F32.gguf -o out/made.gguf --quiet >printed.2 2>message.2 || code=$?
  there=$(ls -A out)
  kill -CONT "$pid" 2>/dev/null || true
  wait "$pid"
  [[ $there != made.gguf ]] && break
done
same "$code" 2
cat message.2
same "$(ls -A out)" made.gguf
cmp <(aurea inspect out/made.gguf --json | jq .tensors) <(aurea inspect Q4_K_M.gguf --json | jq .tensors)
