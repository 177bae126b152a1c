# Keys of the metadata as the user wants them, as long as the file can be read.
aurea quantize phi3-docs-mini -o made.gguf --type Q8_0 --quiet --override-kv phi3.context_length=int:64 --override-kv general.name=str:Mine \
  --override-kv tokenizer.ggml.add_bos_token=bool:false --override-kv general.sampling.temp=float:0.25 --override-kv my.number=int:-3 >printed
aurea inspect made.gguf --json | jq -c '.metadata | [."phi3.context_length", ."general.name", ."tokenizer.ggml.add_bos_token", ."general.sampling.temp", ."my.number"]'
aurea run made.gguf --prompt "A file is" -n 2 --quiet --json >answer.json
holds answer.json '.tokens | length == 2'
for key in phi3.block_count=int:5 phi3.attention.head_count=int:7 general.architecture=str:llama general.name=int:3 tokenizer.ggml.tokens=str:x phi3.context_length=u32:7; do
  exits 2 aurea quantize phi3-docs-mini -o other.gguf --override-kv $key
done
[[ ! -e other.gguf ]]
