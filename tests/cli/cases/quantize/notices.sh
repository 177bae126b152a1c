# Recipes that other models are meant for are remarked on; the result says so, too.
aurea quantize phi3-docs-mini --dry-run --json --type TQ1_0 | jq -r '.notices[]'
aurea quantize phi3-docs-mini --dry-run --json --type 38 | jq -r '.type, .notices[]'
aurea quantize phi3-docs-mini --dry-run --json --type MXFP4 --quiet | jq -c '.notices'
