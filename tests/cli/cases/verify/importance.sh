# With an importance matrix: its hash is a claim like the others, whatever file it is in, and the report weighs errors by it.
head -c 3000 "$PROJECT/models/calibration.txt" >calibration.txt
head -c 2000 "$PROJECT/models/eval.txt" >text.txt
aurea imatrix phi3-docs-mini --text calibration.txt -o im.gguf --ctx-size 64 --quiet >printed
head -c 2500 calibration.txt >other.txt
aurea imatrix phi3-docs-mini --text other.txt -o other.gguf --ctx-size 64 --quiet >printed
aurea quantize phi3-docs-mini -o made.gguf --type Q3_K_S --imatrix im.gguf --certify --text text.txt --context 64 --report made.html --quiet >printed
grep -q '<th class="n">Weighted</th>' made.html
aurea inspect made.gguf --json | jq -r '.metadata."aurea.recipe"'
aurea verify made.gguf --quiet >printed
grep '^importance' printed
mkdir folder && cp im.gguf folder/renamed.gguf
aurea verify made.gguf --imatrix folder/renamed.gguf --quiet >printed
grep '^importance' printed
exits 3 aurea verify made.gguf --imatrix other.gguf --quiet >printed
grep '^importance' printed
