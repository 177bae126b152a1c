echo "dear diary" >diary.txt
printf '' >empty.gguf
mkdir folder
exits 3 aurea inspect diary.txt
exits 3 aurea inspect empty.gguf
exits 3 aurea inspect folder
exits 3 aurea inspect missing.gguf
exits 3 aurea inspect tiny/model.safetensors
