# Space runs out in the middle (here a limit on file sizes): says so, and clears away what was written.
mkdir out
printf "The database is a file. %.0s" {1..40} >text.txt
size_limited() { (ulimit -f 1000; exec "$@") }
exits 3 size_limited aurea quantize phi3-docs-mini -o out/made.gguf --quiet
find out -mindepth 1
exits 3 size_limited aurea logits F32.gguf --text text.txt -o out/made.npy --quiet
find out -mindepth 1
