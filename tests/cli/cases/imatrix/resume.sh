# Interrupted runs are saved and go on to the same bytes, and nothing else is taken for one of them.
head -c 60000 "$PROJECT/models/calibration.txt" >text.txt
options=(imatrix phi3-docs-mini --text text.txt -c 64 --batch-size 64 --threads 1 --save-every 1)
collect() { aurea "${options[@]}" "$@"; }
collect -o whole.gguf --quiet >/dev/null
interrupted=0
for ((try = 0; try < 50 && interrupted < 3; ++try)); do
  aurea "${options[@]}" -o part.gguf --resume >printed 2>message &
  pid=$!
  before=$(stat -c %Y.%i part.gguf 2>/dev/null || true)
  while kill -0 "$pid" 2>/dev/null && [[ $(stat -c %Y.%i part.gguf 2>/dev/null || true) == "$before" ]]; do :; done
  kill -INT "$pid" 2>/dev/null || true
  code=0
  wait "$pid" || code=$?
  ((code == 130 || code == 0)) || { echo "ended with $code" >&2; cat message >&2; exit 1; }
  if ((code == 0)); then
    cmp part.gguf whole.gguf
    rm part.gguf  # it was done before the signal came
    continue
  fi
  interrupted=$((interrupted + 1))
  [[ ! -s printed ]]
  grep -qE '^aurea: [0-9]+ of [0-9]+ chunks are saved in part.gguf; the same command with --resume goes on$' message
done
((interrupted == 3)) || { echo "only $interrupted interruptions" >&2; exit 1; }
# An unfinished file can be used, with a word; it is not taken for another collection.
collect -o two.gguf --chunks 2 --quiet >/dev/null
aurea quantize phi3-docs-mini -o made.gguf --imatrix part.gguf >/dev/null 2>message
grep -q "^aurea: part.gguf: this collection was not finished; using the [0-9]* chunks there are" message
exits 2 collect -o part.gguf --resume --process-output 2>message
grep -q "^aurea: --resume: part.gguf was begun with another text, chunk size or other options" message
sed 's/e/a/' text.txt >other.txt
exits 2 aurea imatrix phi3-docs-mini --text other.txt -c 64 -o part.gguf --resume --quiet 2>message
collect -o part.gguf --resume --quiet >/dev/null
cmp part.gguf whole.gguf
exits 2 collect -o part.gguf --resume --quiet
exits 2 collect -o part.gguf --quiet
collect -o part.gguf --force --chunks 2 --quiet >/dev/null
cmp part.gguf two.gguf
