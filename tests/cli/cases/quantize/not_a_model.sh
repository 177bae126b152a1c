echo "dear diary" >diary.txt
exits 3 aurea quantize diary.txt -o made.gguf
[[ ! -e made.gguf ]]
