# Every type from the checkpoint; what quantize reports, what inspect reports and the file agree.
for type in F32 F16 BF16 Q8_0 Q6_K Q5_1 Q5_K_M Q5_K_S Q5_0 Q4_1 Q4_K_M Q4_K_S Q3_K_L IQ4_NL Q4_0 IQ4_XS Q3_K_M IQ3_M IQ3_S Q3_K_S Q2_K \
  MXFP4_MOE NVFP4 MXFP4 Q2_0 TQ2_0 TQ1_0 Q1_0; do
  aurea quantize phi3-docs-mini -o "$type.made.gguf" --type "$type" --json --quiet >quantize.json
  aurea inspect "$type.made.gguf" --json >inspect.json
  jq -s '.[0] + {inspect: .[1]}' quantize.json inspect.json >both.json
  holds both.json ".type == \"$type\" and .output == \"$type.made.gguf\" and .architecture == \"phi3\""
  holds both.json ".bytes == $(stat -c %s "$type.made.gguf") and .inspect.bytes == .bytes"
  holds both.json '.inspect.format == "gguf" and .inspect.architecture == "phi3" and .inspect.parameters == .parameters'
  holds both.json '.bits_per_weight == .inspect.bits_per_weight and ([.inspect.tensors[].bytes] | add) < .bytes'
  jq -r '"\(.type) \(.bits_per_weight * 100 | round / 100) bits, file type \(.inspect.metadata."general.file_type"): \([.inspect.tensors[].type] | unique | join(" "))"' both.json
done
