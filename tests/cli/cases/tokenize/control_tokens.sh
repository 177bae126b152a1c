# A control token in the text is one token, unless it is to be plain text.
id=$(jq '."<|end|>"' phi3-docs-mini/added_tokens.json)
aurea tokenize F32.gguf --prompt "hi<|end|>" --json >one.json
holds one.json ".tokens[-1] == $id and .pieces[-1] == \"<|end|>\""
aurea tokenize F32.gguf --prompt "hi<|end|>" --no-parse-special --json >plain.json
holds plain.json "(.tokens | index($id)) == null and (.tokens | length) > 3 and .text == \"hi<|end|>\""
