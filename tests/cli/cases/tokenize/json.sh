aurea tokenize phi3-docs-mini --prompt "Hello, wörld ☃" --json >ids.json
jq -c keys ids.json
holds ids.json '(.tokens | length) == (.pieces | length) and .text == "Hello, wörld ☃"'
# There and back again.
same "$(aurea tokenize F32.gguf --tokens "$(jq -r '.tokens | join(",")' ids.json)")" "Hello, wörld ☃"
