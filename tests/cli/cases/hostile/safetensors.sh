copy_model broken tiny
mkdir out
try() {
  refuses 3 broken/model.safetensors aurea run broken --tokens 1,2 -t 2
  refuses 3 broken/model.safetensors aurea inspect broken
  refuses 3 broken/model.safetensors aurea quantize broken -o out/made.gguf -t 2
}
printf '\x00\x00\x00\x00\x00\x00\x00\x80{}' >broken/model.safetensors
try
printf '' >broken/model.safetensors
try
printf '\x02\x00\x00\x00\x00\x00\x00\x00[]' >broken/model.safetensors
try
printf '\x08\x00\x00\x00\x00\x00\x00\x00{"a": 1}' >broken/model.safetensors
try
header='{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}  '
printf '\x4c\x00\x00\x00\x00\x00\x00\x00%s' "$header" >broken/model.safetensors
try
head -c 1000000 tiny/model.safetensors >broken/model.safetensors
try
