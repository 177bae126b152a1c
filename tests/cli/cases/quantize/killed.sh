# Killed at 20 random moments, each time gone on with by the same command: the bytes of an undisturbed run, and nothing else is left.
mkdir out
command=(aurea quantize phi3-docs-mini --type Q6_K --threads 1 --quiet -o)
begin=${EPOCHREALTIME/./}
"${command[@]}" whole.gguf >printed
took=$((${EPOCHREALTIME/./} - begin))
RANDOM=7
killed=0 continued=0
for ((try = 0; try < 200 && killed < 20; ++try)); do
  "${command[@]}" out/made.gguf >printed 2>message &
  pid=$!
  sleep "$(printf '0.%06d' $((RANDOM * took / 32768 % 1000000)))"
  kill -KILL "$pid" 2>/dev/null || true
  code=0
  wait "$pid" 2>/dev/null || code=$?
  ((code == 0 || code == 137)) || { cat message >report; break; }
  ((code == 0)) || killed=$((killed + 1))
  if [[ -e out/made.gguf ]]; then  # perhaps killed when all was done
    cmp out/made.gguf whole.gguf
    rm out/made.gguf
  fi
done 2>/dev/null
[[ ! -e report ]] || { echo "ended with $code" >&2; cat report >&2; exit 1; }
((killed == 20)) || { echo "only $killed kills in $try tries were in time" >&2; exit 1; }
if [[ ! -e out/made.gguf ]]; then "${command[@]}" out/made.gguf >printed; fi
cmp out/made.gguf whole.gguf
rm out/made.gguf
find out -mindepth 1
