# --quality best killed at 20 random moments, while it writes its text, while it rounds, while it writes the file; each time gone on
# with by the same command: the bytes of an undisturbed run, and nothing else is left.
mkdir out
wanted=20
[[ -z ${AUREA_SANITIZED:-} ]] || wanted=3
command=(aurea quantize tiny --type Q4_0 --quality best --auto-tokens 1024 --threads 1 --quiet -o)
# A kill may come when all is done.
check() {
  [[ -e out/made.gguf ]] || return 0
  cmp out/made.gguf whole.gguf && rm out/made.gguf
}
killed_at_random "$wanted" whole.gguf out/made.gguf check "${command[@]}"
if [[ ! -e out/made.gguf ]]; then "${command[@]}" out/made.gguf >printed; fi
check
find out -mindepth 1
