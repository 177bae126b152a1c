# What a stopped run left is gone on with by the same command, and by no other; what was damaged is made again.
mkdir out
# recorded: up to which byte the journal of the unfinished file vouches for it.
recorded() {
  local part end rest last=0
  while read -r part end rest; do
    if [[ $part == 0 && $end =~ ^[0-9]+$ ]]; then last=$end; fi
  done <out/.unfinished-made.gguf.journal
  echo "$last"
} 2>/dev/null
# leaves: a run that was stopped with at least a megabyte on record. A slow type on the plain instruction set gives the
# kill most of a second to come in time; where it comes too late, the run is made once more.
leaves() {
  local code pid
  for ((try = 0; try < 50; ++try)); do
    rm -f out/made.gguf
    AUREA_CPU=scalar aurea quantize model -o out/made.gguf --type IQ3_S --threads 1 --quiet >printed 2>message &
    pid=$!
    while kill -0 "$pid" 2>/dev/null && (($(recorded) < 1000000)); do :; done
    kill -KILL "$pid" 2>/dev/null || true
    code=0
    wait "$pid" 2>/dev/null || code=$?
    if ((code == 137)) && [[ -e out/.unfinished-made.gguf ]]; then return 0; fi
  done 2>/dev/null
  echo "not once in $try tries was the kill in time" >&2
  exit 1
}
# ends_as WHOLE ARGUMENTS...: the run gives the same file as WHOLE and leaves nothing else.
ends_as() {
  local whole=$1
  shift
  aurea quantize model -o out/made.gguf "$@" >printed 2>message
  cmp out/made.gguf "$whole"
  same "$(ls -A out)" made.gguf
  grep '^aurea:' message || echo "nothing to say"
  rm out/made.gguf
}
copy_model model
aurea quantize model -o whole-IQ3_S.gguf --type IQ3_S --quiet >printed
aurea quantize model -o whole-Q6_K.gguf --type Q6_K --quiet >printed

echo "the same command:"
leaves && ends_as whole-IQ3_S.gguf --type IQ3_S
echo "more threads, less memory:"
[[ -n ${AUREA_SANITIZED:-} ]] && memory=2GiB || memory=64MiB
leaves && ends_as whole-IQ3_S.gguf --type IQ3_S --threads 3 --memory $memory
echo "another type:"
leaves && ends_as whole-Q6_K.gguf --type Q6_K
echo "another time of the source:"
leaves && touch model/model.safetensors && ends_as whole-IQ3_S.gguf --type IQ3_S
echo "a damaged byte:"
leaves && put_bytes out/.unfinished-made.gguf 900000 '\xAA\x55\xAA' && ends_as whole-IQ3_S.gguf --type IQ3_S
echo "a file cut short:"
leaves && truncate -s 800000 out/.unfinished-made.gguf && ends_as whole-IQ3_S.gguf --type IQ3_S
echo "no journal:"
leaves && rm out/.unfinished-made.gguf.journal && ends_as whole-IQ3_S.gguf --type IQ3_S
echo "only a journal:"
leaves && rm out/.unfinished-made.gguf && ends_as whole-IQ3_S.gguf --type IQ3_S
echo "other metadata:"
leaves && edit_json model/config.json '.rope_theta = 12345.0' && exits 0 aurea quantize model -o out/made.gguf --type IQ3_S 2>message >printed
grep '^aurea:' message
cmp -s out/made.gguf whole-IQ3_S.gguf && { echo "the change is not in the file" >&2; exit 1; }
same "$(ls -A out)" made.gguf
