copy_model broken tiny
mkdir out
try() {  # try CODE NAME
  refuses "$1" broken/config.json aurea run broken --tokens 1,2 -t 2
  refuses "$1" broken/config.json aurea quantize broken -o out/made.gguf -t 2
}
{ printf '{"a":'; printf '[%.0s' {1..10000}; printf ']%.0s' {1..10000}; printf '}'; } >broken/config.json
try 3
refuses 3 broken/config.json aurea inspect broken
refuses 3 broken/config.json aurea tokenize broken --prompt hi
printf '{}' >broken/config.json
try 3
printf '"a model"' >broken/config.json
try 3
for change in '.hidden_size = 9223372036854775807' '.num_hidden_layers = 1000000000' '.num_attention_heads = 0' '.vocab_size = -1' \
  '.hidden_size = "large"' '.rms_norm_eps = -1' '.intermediate_size = 1e300'; do
  jq "$change" tiny/config.json >broken/config.json
  try 3
done
