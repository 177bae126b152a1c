# An id and its text per line, from --prompt, a file or standard input.
aurea tokenize phi3-docs-mini --prompt "Hello, world" >ids
printf 'Hello, world' >text.txt
printf 'Hello, world' | aurea tokenize phi3-docs-mini | cmp - ids
aurea tokenize phi3-docs-mini --text text.txt | cmp - ids
aurea tokenize F32.gguf --text text.txt | cmp - ids
grep -Evc '^ *[0-9]+  "[^"]*"$' ids || true
# An empty prompt is a text without tokens; standard input is not waited for.
aurea tokenize phi3-docs-mini --prompt ''
