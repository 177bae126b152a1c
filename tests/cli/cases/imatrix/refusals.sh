# What is not an importance matrix, or not this model's, and commands that say too little.
refuses 3 phi3-docs-mini aurea imatrix --in-file phi3-docs-mini -o out.gguf
refuses 3 Q4_K_M.gguf aurea imatrix --in-file Q4_K_M.gguf -o out.gguf
refuses 3 missing.gguf aurea quantize phi3-docs-mini -o out.gguf --imatrix missing.gguf
head -c 2000 "$PROJECT/models/calibration.txt" >text.txt
refuses 3 text.txt aurea quantize phi3-docs-mini -o out.gguf --imatrix text.txt
aurea imatrix tiny --text text.txt -o tiny.gguf -c 16 --quiet >/dev/null
refuses 3 tiny.gguf aurea quantize phi3-docs-mini -o out.gguf --imatrix tiny.gguf
aurea imatrix phi3-docs-mini --text text.txt -o im.gguf -c 64 --quiet >/dev/null
for bytes in 4 100 2000 12000; do
  head -c $bytes im.gguf >cut.gguf
  refuses 3 cut.gguf aurea imatrix --in-file cut.gguf -o out.gguf
done
exits 2 aurea imatrix -o out.gguf
exits 2 aurea imatrix --text text.txt -o out.gguf
exits 2 aurea imatrix phi3-docs-mini --text text.txt -o out.gguf --ctx-size 2000
exits 2 aurea imatrix phi3-docs-mini --text text.txt -o im.gguf
exits 2 aurea imatrix phi3-docs-mini --text text.txt -o out.gguf --chunk 10 -c 64
exits 2 aurea imatrix phi3-docs-mini --text text.txt -o out.gguf --chunks 0
[[ ! -e out.gguf ]]
