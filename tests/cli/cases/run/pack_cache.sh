# --pack-cache: the same answer, from a file that is written once, mapped then, and written anew for another model.
aurea quantize F32.gguf -o model.gguf --type Q4_K_M --quiet
answer() { aurea run model.gguf --prompt "What is a database?" --temp 0 --quiet "$@"; }
plain=$(answer)
same "$(answer --pack-cache)" "$plain"
cp -p model.gguf.packed first
touch -r first -d '1 hour ago' model.gguf.packed
stamp=$(stat -c %Y model.gguf.packed)
same "$(answer --pack-cache)" "$plain"
same "$(stat -c %Y model.gguf.packed)" "$stamp"  # mapped, not written
# Another model in the old one's place, and a file that was cut: written anew.
aurea quantize F32.gguf -o model.gguf --type Q8_0 --force --quiet
other=$(answer)
same "$(answer --pack-cache)" "$other"
head -c 100000 model.gguf.packed >cut && mv cut model.gguf.packed
same "$(answer --pack-cache)" "$other"
# A float model has nothing to pack.
exits 4 aurea run F32.gguf --prompt "x" -n 1 --pack-cache
