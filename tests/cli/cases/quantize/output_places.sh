# Where a file cannot be put, and what --force must not replace. All of it is said before the work.
mkdir folder
mkfifo pipe
exits 2 aurea quantize phi3-docs-mini -o missing/made.gguf
exits 2 aurea quantize phi3-docs-mini -o ''
exits 2 aurea quantize phi3-docs-mini -o new/
exits 2 aurea quantize phi3-docs-mini -o folder
exits 2 aurea quantize phi3-docs-mini -o folder --force
exits 2 aurea quantize phi3-docs-mini -o pipe --force
[[ -p pipe && ! -e missing && ! -e new ]]
find folder -mindepth 1
