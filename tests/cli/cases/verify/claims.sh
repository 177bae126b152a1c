# What is there is measured again; what is not is named, with what it would take.
head -c 3000 "$PROJECT/models/eval.txt" >text.txt
aurea quantize phi3-docs-mini -o made.gguf --certify --text text.txt --context 128 --quiet >printed
echo "all:"
aurea verify made.gguf --source phi3-docs-mini --text text.txt --quiet
echo "the file alone:"
aurea verify made.gguf
aurea verify made.gguf --source phi3-docs-mini --text text.txt --json --quiet >verify.json
holds verify.json '.holds and (.claims | length) == 8 and ([.claims[].verdict] | unique) == ["holds"]'
echo "another text and another source:"
head -c 2000 text.txt >other.txt
exits 3 aurea verify made.gguf --source F32.gguf --text other.txt
echo "no certificate:"
exits 4 aurea verify Q4_K_M.gguf
