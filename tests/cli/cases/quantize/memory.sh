# --memory is kept: the largest resident size that the system saw stays below it, down to the least that the program asks for.
[[ -z ${AUREA_SANITIZED:-} ]] || skip "sanitizers keep freed memory"
exits 2 aurea quantize F32.gguf -o made.gguf --memory 4MiB 2>message
cat message >&2
least=$(sed -n 's/^aurea: --memory 4MiB: at least \([0-9]*\)MiB are needed here: .*/\1/p' message)
for memory in "$least" 64 512; do
  aurea quantize F32.gguf -o "made-$memory.gguf" --memory "${memory}MiB" --threads 2 --json --quiet >result.json
  cmp "made-$memory.gguf" "made-$least.gguf"
  holds result.json ".peak_memory_bytes <= $memory * 1048576 and .peak_memory_bytes > 4000000"
done
# One that the file is larger than, so that it was streamed.
(($(stat -Lc %s F32.gguf) > least * 1048576)) || { echo "F32.gguf is too small for this test" >&2; exit 1; }
exits 2 aurea quantize F32.gguf -o made.gguf --memory lots
exits 2 aurea quantize F32.gguf -o made.gguf --memory 0
