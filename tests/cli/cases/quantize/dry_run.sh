# A dry run shows what a real one makes, to the byte, and writes nothing.
aurea quantize tiny --dry-run --type q4_k_m >table
cat table
[[ -z $(find . -name '*.gguf' -newer table) ]]
for type in Q4_K_M IQ4_XS MXFP4; do
  aurea quantize phi3-docs-mini --type $type --dry-run --json >planned.json
  aurea quantize phi3-docs-mini --type $type -o made.gguf --force --json --quiet >made.json
  aurea inspect made.gguf --json >inspect.json
  jq -s '{planned: .[0], made: .[1], inspect: .[2]}' planned.json made.json inspect.json >all.json
  holds all.json '.planned.bytes == .made.bytes and .inspect.bytes == .made.bytes and .planned.bits_per_weight == .inspect.bits_per_weight'
  holds all.json '[.planned.tensors[] | {name, type, shape, bytes}] == [.inspect.tensors[] | {name, type, shape, bytes}]'
  holds all.json '.planned.tensor_bytes == ([.planned.tensors[].bytes] | add) and .planned.output == null'
done
exits 2 aurea quantize tiny  # neither --output nor --dry-run
