# Space runs out in the middle (here a limit on file sizes): says so, and clears away what was written. program/no_space.sh
# has real full disks, where these are allowed.
mkdir out
printf "The database is a file. %.0s" {1..40} >text.txt
size_limited() { (ulimit -f 1000; exec "$@") }
exits 3 size_limited aurea quantize phi3-docs-mini -o out/made.gguf --quiet
exits 3 size_limited aurea quantize phi3-docs-mini -o out/made.gguf --split-max-size 2MB --quiet
exits 3 size_limited aurea quantize phi3-docs-mini -o out/made.gguf --certify --text text.txt --report out/made.html --quiet
exits 3 size_limited aurea logits F32.gguf --text text.txt -o out/made.npy --quiet
find out -mindepth 1
# An output that is to be replaced stays.
cp Q4_K_M.gguf out/made.gguf
exits 3 size_limited aurea quantize phi3-docs-mini -o out/made.gguf --force --quiet
cmp out/made.gguf Q4_K_M.gguf
