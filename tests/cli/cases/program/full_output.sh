# A result that could not be written is not a success.
[[ -c /dev/full ]] || skip "there is no /dev/full here"
exits 1 aurea inspect F32.gguf >/dev/full
exits 1 aurea tokenize F32.gguf --prompt hello --json >/dev/full
