# --quality best killed at 20 random moments, while it writes its text, while it rounds, while it writes the file; each time gone on
# with by the same command: the bytes of an undisturbed run, and nothing else is left.
mkdir out
wanted=20
[[ -z ${AUREA_SANITIZED:-} ]] || wanted=3
command=(aurea quantize tiny --type Q4_0 --quality best --auto-tokens 1024 --threads 1 --quiet -o)
begin=${EPOCHREALTIME/./}
"${command[@]}" whole.gguf >printed
took=$((${EPOCHREALTIME/./} - begin))
RANDOM=11
killed=0
for ((try = 0; try < 200 && killed < wanted; ++try)); do
  "${command[@]}" out/made.gguf >printed 2>message &
  pid=$!
  pause=$((RANDOM * (took / 1000) / 32768 * 1000))
  sleep "$((pause / 1000000)).$(printf '%06d' $((pause % 1000000)))"
  kill -KILL "$pid" 2>/dev/null || true
  code=0
  wait "$pid" 2>/dev/null || code=$?
  ((code == 0 || code == 137)) || { cat message >report; break; }
  ((code == 0)) || killed=$((killed + 1))
  if [[ -e out/made.gguf ]]; then
    cmp out/made.gguf whole.gguf
    rm out/made.gguf
  fi
done 2>/dev/null
[[ ! -e report ]] || { echo "ended with $code" >&2; cat report >&2; exit 1; }
((killed == wanted)) || { echo "only $killed kills in $try tries were in time" >&2; exit 1; }
if [[ ! -e out/made.gguf ]]; then "${command[@]}" out/made.gguf >printed; fi
cmp out/made.gguf whole.gguf
rm out/made.gguf
find out -mindepth 1
