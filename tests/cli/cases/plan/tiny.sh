# Other models: rows that do not divide into large blocks, a tied output matrix, a window.
for model in phi3-window phi3-partial-tied; do
  cp -rL "$PROJECT/tests/data/models/$model" "$model"
done
for model in phi3-window phi3-partial-tied; do
  aurea plan "$model" --fit 1TB --auto-tokens 2048 --json --quiet >largest.json
  holds largest.json '.tensors | map(.type) | unique | . == ["Q8_0"] or . == ["F16", "Q8_0"]'
  size=$(jq '.bytes * 8 / 10 | floor' largest.json)
  aurea plan "$model" --fit "$size" --auto-tokens 2048 --json --quiet >plan.json
  holds plan.json ".bytes <= $size and (.tensors | map(.type) | unique | length) >= 2"
done
