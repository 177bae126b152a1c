# Ctrl-C during an answer: what was written so far stays, exit code 130.
for ((try = 0; try < 20; ++try)); do
  aurea run F32.gguf --raw --prompt "The database" --ignore-eos --temp 0 --threads 1 >text 2>message &
  pid=$!
  while kill -0 "$pid" 2>/dev/null && [[ ! -s text ]]; do sleep 0.01; done
  kill -INT "$pid" 2>/dev/null || true
  code=0
  wait "$pid" || code=$?
  if ((code == 130)); then
    whole=$(aurea run F32.gguf --raw --prompt "The database" --ignore-eos --temp 0 --threads 1 -n 30 --quiet)
    text=$(head -n 1 text)
    length=$((${#text} < 20 ? ${#text} : 20))
    same "${whole:0:length}" "${text:0:length}"
    tail -n 1 message
    exit 0
  fi
  ((code == 0)) || { cat message >&2; exit 1; }
done
echo "not once in $try tries was the signal in time" >&2
exit 1
