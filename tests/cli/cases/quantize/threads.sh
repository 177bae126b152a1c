# The bytes do not depend on the number of threads.
for threads in 1 2 5; do
  aurea quantize phi3-docs-mini -o "made-$threads.gguf" --threads "$threads" --quiet >printed
  cmp "made-$threads.gguf" Q4_K_M.gguf
done
