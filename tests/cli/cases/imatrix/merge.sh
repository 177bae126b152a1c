# Files are added up without a model, the older layout among them; quantize adds up what it is given, too.
head -c 8000 "$PROJECT/models/calibration.txt" >text.txt
aurea imatrix phi3-docs-mini --text text.txt -o a.gguf -c 64 --chunks 3 --quiet >/dev/null
aurea imatrix phi3-docs-mini --text text.txt -o b.gguf -c 64 --chunk 3 --chunks 4 --quiet >/dev/null
aurea imatrix phi3-docs-mini --text text.txt -o all.gguf -c 64 --chunks 7 --quiet >/dev/null
aurea imatrix --in-file a.gguf --in-file b.gguf -o merged.gguf
# The same counts; sums of the same squares, added in another order.
for file in merged all; do aurea inspect $file.gguf --json | jq -c '[.metadata, .tensors]'; done | uniq | wc -l
aurea imatrix phi3-docs-mini --text text.txt --in-file a.gguf -o added.gguf -c 64 --from-chunk 3 --chunks 4 --quiet
cmp added.gguf merged.gguf
aurea quantize phi3-docs-mini -o made.gguf --imatrix a.gguf --imatrix b.gguf --quiet >/dev/null
aurea quantize phi3-docs-mini -o other.gguf --imatrix merged.gguf --quiet >/dev/null
cmp <(tail -c 4000000 made.gguf) <(tail -c 4000000 other.gguf)

# One entry of four columns, 2 calls: 1 2 3 4 times 2.
printf '\x01\0\0\0\x03\0\0\0w.w\x02\0\0\0\x04\0\0\0\0\0\0\x40\0\0\x80\x40\0\0\xc0\x40\0\0\0\x41\x07\0\0\0\x03\0\0\0old' >old.dat
aurea imatrix --in-file old.dat -o new.gguf
aurea inspect new.gguf --json | jq -c '.metadata, (.tensors[] | [.name, .shape])'
