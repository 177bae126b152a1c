# Killed at 20 random moments, each time gone on with by the same command: the bytes of an undisturbed run, and nothing else is left.
mkdir out
command=(aurea quantize phi3-docs-mini --type Q6_K --threads 1 --quiet -o)
# A kill may come when all is done.
check() {
  [[ -e out/made.gguf ]] || return 0
  cmp out/made.gguf whole.gguf && rm out/made.gguf
}
killed_at_random 20 whole.gguf out/made.gguf check "${command[@]}"
if [[ ! -e out/made.gguf ]]; then "${command[@]}" out/made.gguf >printed; fi
check
find out -mindepth 1
