aurea tokenize F32.gguf --prompt "The database is a file." --json >ids.json
same "$(aurea tokenize F32.gguf --tokens "$(jq -r '.tokens | join(",")' ids.json)")" "The database is a file."
exits 2 aurea tokenize F32.gguf --tokens 1,4096000
exits 2 aurea tokenize F32.gguf --tokens -1
