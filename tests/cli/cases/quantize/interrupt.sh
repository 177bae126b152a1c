# Ctrl-C in the middle, while the file grows: exit code 130; the unfinished file is kept, and how to go on is said. The work
# takes a moment only, so a try that ended before the signal came is repeated.
mkdir out
for ((try = 0; try < 50; ++try)); do
  aurea quantize F32.gguf -o out/made.gguf --threads 1 >printed 2>message &
  pid=$!
  while kill -0 "$pid" 2>/dev/null && (($(stat -c %s out/.unfinished-made.gguf 2>/dev/null || echo 0) < 1000000)); do :; done
  kill -INT "$pid" 2>/dev/null || true
  code=0
  wait "$pid" || code=$?
  if ((code == 130)); then
    find out -mindepth 1 | sort
    cat printed message
    aurea quantize F32.gguf -o out/made.gguf 2>message >printed
    grep '^aurea' message
    same "$(ls -A out)" made.gguf
    exit 0
  fi
  ((code == 0)) || { echo "ended with $code" >&2; exit 1; }
  rm out/made.gguf
done
echo "not once in $try tries was the signal in time" >&2
exit 1
