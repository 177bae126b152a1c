# Parts appear together: killed at random moments and gone on with, they are those of an undisturbed run.
mkdir out whole
command=(aurea quantize phi3-docs-mini --type Q8_0 --split-max-size 2MB --threads 1 --quiet -o)
check() {
  [[ -e out/made-00001-of-00005.gguf ]] || return 0  # the first part comes last
  for part in whole/*; do cmp "$part" "out/${part#*/}" || return 1; done
  rm out/*
}
killed_at_random 8 whole/made.gguf out/made.gguf check "${command[@]}"
if [[ ! -e out/made-00001-of-00005.gguf ]]; then "${command[@]}" out/made.gguf >printed; fi
diff -r out whole
ls -A whole
