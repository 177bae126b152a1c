# Bytes that are no UTF-8 keep their tokens; what is printed is UTF-8.
printf 'a\xff\xfeb' | aurea tokenize F32.gguf --json >ids.json
holds ids.json '.text == "a��b"'
aurea tokenize F32.gguf --prompt $'\xff' >table
iconv -f UTF-8 -t UTF-8 table >/dev/null
