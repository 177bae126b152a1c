echo "dear diary" >diary.txt
mkdir folder
exits 3 aurea tokenize missing.gguf --prompt hi
exits 3 aurea tokenize diary.txt --prompt hi
exits 4 aurea tokenize folder --prompt hi
exits 3 aurea tokenize F32.gguf --text missing.txt
