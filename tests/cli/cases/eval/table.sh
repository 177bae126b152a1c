head -c 300 "$PROJECT/models/eval.txt" >text.txt
aurea eval Q4_K_M.gguf --reference F32.gguf --text text.txt --context 64 --quiet
aurea eval Q4_K_M.gguf --prompt "The database is a file." --quiet
