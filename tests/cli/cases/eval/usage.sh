printf '' >empty.txt
exits 2 aurea eval F32.gguf
exits 2 aurea eval F32.gguf --text empty.txt
exits 2 aurea eval F32.gguf --prompt ''
exits 2 aurea eval F32.gguf --tokens 7
exits 2 aurea eval F32.gguf --tokens 1,2,576000
exits 2 aurea eval F32.gguf --prompt "two words" --context 1
exits 3 aurea eval F32.gguf --text missing.txt
exits 3 aurea eval F32.gguf --prompt "two words" --reference missing.gguf
