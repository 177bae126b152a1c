# What cannot be planned is refused before the work, with what could be.
head -c 6000 "$PROJECT/models/calibration.txt" >text.txt
printf 'too short' >short.txt
exits 2 aurea plan phi3-docs-mini
exits 2 aurea plan phi3-docs-mini --fit 3MB --max-kl 0.1
exits 2 aurea plan phi3-docs-mini --fit 3XB
exits 2 aurea plan phi3-docs-mini --max-kl -1
exits 2 aurea plan phi3-docs-mini --max-kl nan
exits 2 aurea plan phi3-docs-mini --fit 1MB --text text.txt
exits 2 aurea plan phi3-docs-mini --fit 3MB --types Q4_K_M
exits 2 aurea plan phi3-docs-mini --fit 3MB --types Q4_K,
exits 2 aurea plan phi3-docs-mini --fit 3MB --text short.txt --quiet
exits 3 aurea plan phi3-docs-mini --fit 3MB --text absent.txt --quiet
exits 2 aurea plan Q4_K_M.gguf --fit 3MB --text text.txt --quiet
exits 2 aurea plan phi3-docs-mini --fit 3MB -o text.txt --quiet
exits 2 aurea plan phi3-docs-mini --max-kl 0.01 --types Q2_K,Q3_K --text text.txt --quiet
for option in '--type Q4_K_M' --pure '--tensor-type ffn=Q4_K' '--tensor-type-file short.txt' '--prune-layers 1' '--split-max-size 1MB'; do
  exits 2 aurea quantize phi3-docs-mini -o made.gguf --fit 3MB $option
done
exits 2 aurea quantize phi3-docs-mini -o made.gguf --types Q4_K
[[ ! -e made.gguf ]]
