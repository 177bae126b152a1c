# What lies at the hidden names and is not ours is neither written to nor removed.
mkdir out
echo precious >precious
for name in .unfinished-made.gguf .unfinished-made.gguf.journal; do
  ln -s ../precious out/$name
  exits 2 aurea quantize phi3-docs-mini -o out/made.gguf --quiet
  rm out/$name
  mkfifo out/$name
  exits 2 timeout 20 aurea quantize phi3-docs-mini -o out/made.gguf --quiet
  rm out/$name
  ln precious out/$name
  exits 2 aurea quantize phi3-docs-mini -o out/made.gguf --quiet
  rm out/$name
done
same "$(cat precious)" precious
find out -mindepth 1
