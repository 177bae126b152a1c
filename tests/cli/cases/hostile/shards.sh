# The index of a checkpoint in parts: missing parts, and names that lead out of the folder.
copy_model broken tiny
mv broken/model.safetensors elsewhere.safetensors
for name in missing.safetensors ../elsewhere.safetensors "$PWD/elsewhere.safetensors"; do
  header=$(od -An -t u8 -N 8 elsewhere.safetensors | tr -d ' ')
  head -c $((8 + header)) elsewhere.safetensors | tail -c +9 |
    jq --arg name "$name" '{weight_map: (del(.__metadata__) | map_values($name))}' >broken/model.safetensors.index.json
  refuses 3 broken aurea run broken --tokens 1,2 -t 2
done
