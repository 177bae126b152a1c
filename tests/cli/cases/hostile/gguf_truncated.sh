# Broken off in the magic, the counts, the metadata, the tensor list and the data.
data=$(($(offset_of Q4_K_M.gguf output_norm.weight) - 100))
for size in 0 3 4 12 23 500 5000 100000 "$data" $((data + 2000)) 1000000 4000000; do
  head -c "$size" Q4_K_M.gguf >broken.gguf
  refuses 3 broken.gguf aurea run broken.gguf --prompt hi -t 2
  refuses 3 broken.gguf aurea inspect broken.gguf
done
