# A job scheduler's kill or a closed terminal ends the work as Ctrl-C does: what is done is kept for the next run.
mkdir out
for signal in TERM HUP; do
  code=0
  for ((try = 0; try < 50 && code == 0; ++try)); do
    aurea quantize F32.gguf -o out/made.gguf --threads 1 --quiet >printed 2>message &
    pid=$!
    while kill -0 "$pid" 2>/dev/null && (($(stat -c %s out/.unfinished-made.gguf 2>/dev/null || echo 0) < 1000000)); do :; done
    kill -"$signal" "$pid" 2>/dev/null || true
    wait "$pid" || code=$?
    rm -f out/made.gguf
  done
  [[ $code == 130 && -s out/.unfinished-made.gguf && ! -e out/made.gguf ]] || { echo "SIG$signal: exit code $code, left: $(ls -A out)" >&2; exit 1; }
  aurea quantize F32.gguf -o out/made.gguf --quiet >printed
  same "$(ls -A out)" made.gguf
  rm out/made.gguf
done
