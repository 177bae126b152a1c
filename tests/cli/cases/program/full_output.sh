# A result that could not be written is not a success.
[[ -c /dev/full ]] || skip "there is no /dev/full here"
exits 1 aurea inspect F32.gguf >/dev/full
exits 1 aurea tokenize F32.gguf --prompt hello --json >/dev/full
exits 1 aurea run F32.gguf --prompt hello --n-predict 2 >/dev/full
exits 1 aurea quantize F32.gguf --dry-run >/dev/full
exits 1 aurea --help >/dev/full
