# One weight is not a number: the tensor and its row are named.
copy_model broken tiny
file=broken/model.safetensors tensor=model.layers.1.mlp.down_proj.weight
length=$(od -An -t u8 -N 8 "$file" | tr -d " ")
header=$(head -c $((8 + length)) "$file" | tail -c +9)
begin=$(jq ".[\"$tensor\"].data_offsets[0]" <<<"$header")
columns=$(jq ".[\"$tensor\"].shape[1]" <<<"$header")
put_bytes "$file" $((8 + length + begin + 2 * (3 * columns + 5))) '\xc0\x7f'
mkdir out
for type in F16 Q8_0 Q4_K_M; do
  exits 3 aurea quantize broken -o out/made.gguf --type "$type" 2>message
  grep -q "^aurea: .*row 3" message || { cat message >&2; exit 1; }
  grep -qE "$tensor|blk.1.ffn_down.weight" message || { cat message >&2; exit 1; }
done
find out -mindepth 1
