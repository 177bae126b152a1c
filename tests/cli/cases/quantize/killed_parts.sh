# Parts appear together: killed at random moments and gone on with, they are those of an undisturbed run.
mkdir out whole
command=(aurea quantize phi3-docs-mini --type Q8_0 --split-max-size 2MB --threads 1 --quiet -o)
begin=${EPOCHREALTIME/./}
"${command[@]}" whole/made.gguf >printed
took=$((${EPOCHREALTIME/./} - begin))
RANDOM=11
killed=0
for ((try = 0; try < 60 && killed < 8; ++try)); do
  "${command[@]}" out/made.gguf >printed 2>message &
  pid=$!
  sleep "$(printf '0.%06d' $((RANDOM * took / 32768 % 1000000)))"
  kill -KILL "$pid" 2>/dev/null || true
  code=0
  wait "$pid" 2>/dev/null || code=$?
  ((code == 0)) || killed=$((killed + 1))
  if [[ -e out/made-00001-of-00005.gguf ]]; then  # the first part comes last
    for part in whole/*; do cmp "$part" "out/${part#*/}"; done
    rm out/*
  fi
done 2>/dev/null
((killed == 8)) || { echo "only $killed kills in $try tries were in time" >&2; exit 1; }
if [[ ! -e out/made-00001-of-00005.gguf ]]; then "${command[@]}" out/made.gguf >printed; fi
diff -r out whole
ls -A whole
